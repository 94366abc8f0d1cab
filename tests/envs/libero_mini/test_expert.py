"""The expert solves the tasks, with noise and without, and its actions are functions of the scene alone."""

from dataclasses import replace

import numpy as np
import pytest

from vlareg.envs import LiberoEnv
from vlareg.envs.libero_mini.expert import CLOSE, OPEN, Scene, SceneReader, expert_action
from vlareg.envs.libero_mini.recording import ActionNoise

GOAL = np.array([0.14, 0.0, 0.94])
ITEM = np.array([0.0, 0.1, 0.925])
FAR = Scene(hand=np.array([-0.12, 0.0, 1.12]), item=ITEM, gripped=False, goal=GOAL, push=False)


def test_far_away_the_open_hand_goes_over_the_object() -> None:
    """Towards it and down, at full speed, without a turn."""
    np.testing.assert_allclose(expert_action(FAR), [1, 1, -1, 0, 0, 0, OPEN])


def test_beside_the_object_the_hand_rises_first() -> None:
    """It never sweeps over the table."""
    action = expert_action(replace(FAR, hand=ITEM + np.array([0.08, 0.0, 0.0])))
    assert action[2] == 1.0
    np.testing.assert_allclose(action[:2], 0.0, atol=1e-12)


def test_around_the_object_the_hand_closes_and_carries_what_it_holds() -> None:
    """Closing stands still; once both fingers touch, the object is lifted towards its goal."""
    closing = replace(FAR, hand=ITEM)
    assert expert_action(closing)[6] == CLOSE
    np.testing.assert_allclose(expert_action(closing)[:3], 0.0, atol=1e-12)
    lifting = expert_action(replace(closing, gripped=True))
    assert lifting[2] == 1.0
    assert lifting[6] == CLOSE


def test_over_the_goal_the_hand_opens() -> None:
    """Not before."""
    over = GOAL + np.array([0.0, 0.01, 0.02])
    assert expert_action(replace(FAR, hand=over, item=over, gripped=True))[6] == OPEN
    beside = GOAL + np.array([0.0, 0.05, 0.02])
    assert expert_action(replace(FAR, hand=beside, item=beside, gripped=True))[6] == CLOSE


def test_a_push_goes_sideways_with_the_hand_low_and_open() -> None:
    """Towards the region, keeping the object in line."""
    push = replace(FAR, push=True, hand=ITEM + np.array([0.01, 0.0, 0.0]), goal=np.array([0.02, -0.19, 0.92]))
    action = expert_action(push)
    np.testing.assert_allclose(action, [-0.3, -1, 0, 0, 0, 0, OPEN], atol=1e-9)


@pytest.mark.parametrize("task", range(10))
def test_it_solves_every_task(task: int) -> None:
    """Within the horizon: in 20 to 95 steps, with noise in the odd tasks and without in the even ones."""
    env = LiberoEnv("libero_mini", task, cameras=())
    env.reset(task)
    reader, disturb = SceneReader(env.simulator), ActionNoise(0.25 * (task % 2), np.random.default_rng(task))
    steps, success = 0, False
    while not success and steps < env.max_steps:
        _, success = env.step(disturb(expert_action(reader.read())))
        steps += 1
    assert success
    assert 20 < steps < 95
    env.close()


def test_noise_has_its_size_and_is_correlated() -> None:
    """On the translations only; the actions stay in range."""
    noise = ActionNoise(0.25, np.random.default_rng(0))
    actions = np.array([noise(np.zeros(7)) for _ in range(20000)])
    assert np.std(actions[:, 0]) == pytest.approx(0.25, rel=0.05)
    assert np.corrcoef(actions[1:, 0], actions[:-1, 0])[0, 1] == pytest.approx(0.8, abs=0.02)
    np.testing.assert_array_equal(actions[:, 3:], 0.0)
    assert np.abs(actions).max() <= 1.0
