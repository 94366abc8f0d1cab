"""Starts and events that no demonstration has."""

import numpy as np
import pytest

from tests.envs.perturbations.starts import starts
from vlareg.envs import LiberoEnv
from vlareg.envs.perturbations import MovedObject, ObjectPosition, Perturbation, RobotPose, find_perturbation
from vlareg.envs.perturbations.episode_key import EpisodeKey
from vlareg.envs.perturbations.free_places import FreePlaces

RED = np.array([[-0.08, 0.08], [0.02, 0.18]])  # the BDDL's region of the red cube (m)
ITEM = slice(9, 16)  # of the joint positions


@pytest.mark.parametrize("level", [1, 2, 3])
def test_the_object_starts_outside_its_region(level: int) -> None:
    """By 2, 4, 6 cm, on a free place; everything else is where it was."""
    with starts(ObjectPosition(level)) as start:
        for init_index in range(4):
            start.begin(init_index)
            qpos, stored = np.array(start.scene.data.qpos), start.env.init_states[init_index][1:24]
            outside = np.maximum(RED[0] - qpos[9:11], qpos[9:11] - RED[1])
            assert outside.max() == pytest.approx(0.02 * level)
            np.testing.assert_array_equal(np.delete(qpos, [9, 10]), np.delete(stored, [9, 10]))
            assert all(o.gap(qpos[9:11]) > 0.05 for o in FreePlaces(start.scene, without="red_cube_1").taken)
            assert not start.env.simulator.check_success()


@pytest.mark.parametrize(("level", "norm"), [(1, 0.1), (3, 0.5)])
def test_the_arm_starts_elsewhere_and_stays_there(level: int, norm: float) -> None:
    """Without a new goal of the controller it would turn back in the waiting steps."""
    with starts(RobotPose(level)) as start:
        start.begin(2)
        joints, robot = np.array(start.scene.data.qpos), start.env.simulator.env.robots[0]
        stored = start.env.init_states[2][1:24]
        assert np.linalg.norm(joints[:7] - stored[:7]) == pytest.approx(norm)
        np.testing.assert_array_equal(joints[7:], stored[7:])
        turned = np.array(start.scene.data.site_xmat[robot.eef_site_id])
        for _ in range(10):
            start.env.simulator.step([0.0] * 6 + [-1.0])
        assert np.abs(start.scene.data.qpos[:7] - joints[:7]).max() < 0.02
        np.testing.assert_allclose(start.scene.data.site_xmat[robot.eef_site_id], turned, atol=0.02)


def test_the_object_is_moved_once_while_the_hand_is_on_its_way() -> None:
    """By 4 cm at level 2; until then the episode is its control."""
    control, env = (LiberoEnv("libero_mini", 0, cameras=(), perturbation=p) for p in (None, MovedObject(2)))
    control.reset(0)
    env.reset(0)
    jumps = []
    for step in range(12):
        before = np.array(env.simulator.sim.data.qpos[9:11])
        if not jumps:
            np.testing.assert_array_equal(env.simulator.get_sim_state(), control.simulator.get_sim_state())
        control.step(np.zeros(7))
        env.step(np.zeros(7))
        jump = np.linalg.norm(env.simulator.sim.data.qpos[9:11] - before)
        if jump > 0.01:
            jumps.append((step, jump))
    control.close()
    env.close()
    ((step, jump),) = jumps
    assert 4 <= step <= 8
    assert jump == pytest.approx(0.04, abs=1e-3)


@pytest.mark.parametrize("perturbation", [ObjectPosition(1), MovedObject(1)])
def test_a_full_table_is_an_error(perturbation: Perturbation, monkeypatch: pytest.MonkeyPatch) -> None:
    """And not an episode without the change."""
    monkeypatch.setattr("vlareg.envs.perturbations.free_places.FINGER_ROOM", 1.0)
    with starts(perturbation) as start, pytest.raises(RuntimeError, match="free place"):
        key = start.begin(0)
        for step in range(10):
            perturbation.before_step(start.scene, key, step)


def test_what_has_no_object_is_refused_at_the_start() -> None:
    class Scene:
        position = None

        @property
        def item(self) -> str:
            raise ValueError("the goal is about nothing that can be moved")

    with pytest.raises(ValueError, match="nothing that can be moved"):
        MovedObject(1).change_start(Scene(), EpisodeKey(0, 0, 0))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "task"),
    [
        ("distractors", 0),
        ("candidates", 2),
        ("unseen_object", 4),
        ("unseen_object", 0),
        ("object_position", 7),
        ("robot_pose", 3),
        ("moved_object", 9),
    ],
)
def test_the_expert_still_solves_it(name: str, task: int) -> None:
    """At the highest level, from the first initial state."""
    from vlareg.envs.libero_mini.expert import SceneReader, expert_action

    kind = find_perturbation(name)
    env = LiberoEnv("libero_mini", task, cameras=(), perturbation=kind(kind.max_level))
    env.reset(0)
    reader = SceneReader(env.simulator)
    assert any(env.step(expert_action(reader.read()))[1] for _ in range(env.max_steps))
    env.close()
