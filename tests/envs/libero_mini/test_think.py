"""The boards are those that the instruction is about, and only the named one counts."""

from collections.abc import Iterator
from contextlib import closing

import numpy as np
import pytest
from PIL import Image

from vlareg.envs import SUITES, LiberoEnv
from vlareg.envs.libero_mini.expert import SceneReader, expert_action
from vlareg.envs.libero_mini.init_states import EPISODES, draw_state, think_seed
from vlareg.envs.libero_mini.sign_boards import FIXTURES, SignBoards
from vlareg.envs.libero_mini.think import CATEGORIES, PHRASES, THINK_SUITES, boards_of, episode_instructions
from vlareg.envs.perturbations import find_perturbation
from vlareg.envs.perturbations.scene import Scene
from vlareg.envs.signs import SIGNS

ARROWS = CATEGORIES.index("arrow")
WRONG_BOARD = FIXTURES[1]
RESTING = np.array([0.0, 0.0, 0.031])
"""From a board's middle to that of the cube that lies on it (m)."""


def test_there_is_a_task_for_each_category() -> None:
    assert CATEGORIES == ("shape", "color", "arrow", "parity", "traffic", "laundry", "weather", "public")
    assert PHRASES.keys() == set(CATEGORIES)
    assert all(SUITES[suite].num_tasks == 8 for suite in THINK_SUITES)


@pytest.mark.parametrize("task", range(8))
def test_two_episodes_each_differ_in_the_instruction_alone(task: int) -> None:
    named = set()
    for index in range(0, EPISODES, 2):
        one, other = boards_of(task, index), boards_of(task, index + 1)
        assert one.names == other.names
        assert len(set(one.names)) == 2
        assert (one.goal, other.goal) == (0, 1)
        assert one.instruction != other.instruction
        np.testing.assert_array_equal(one.places, other.places)
        named |= {one.names[one.goal], other.names[other.goal]}
    assert named == set(SIGNS[CATEGORIES[task]])
    told = episode_instructions("libero_mini_think_any", task, EPISODES)
    assert told == tuple(boards_of(task, index).instruction for index in range(EPISODES))


@pytest.mark.parametrize("task", range(8))
def test_pictures_are_the_episode_s_own(task: int) -> None:
    boards = boards_of(task, 0)
    first, second = (boards.picture(board, 64) for board in (0, 1))
    np.testing.assert_array_equal(first, boards_of(task, 1).picture(0, 64))
    assert (first != second).mean() > 0.1
    assert (first != boards_of(task, 2).picture(0, 64)).mean() > 0.1


@pytest.fixture(scope="module")
def rendered() -> Iterator[LiberoEnv]:
    env = LiberoEnv("libero_mini_think", ARROWS, resolution=128)
    yield env
    env.close()


def _corners(env: LiberoEnv, fixture: str) -> np.ndarray:
    """Return the upper left and the lower right corner of a panel in the picture that a policy gets (pixels)."""
    scene = Scene(env.simulator, env.cameras)
    panel, camera = scene.data.geom(f"{fixture}_panel_visual"), scene.data.camera("agentview")
    half = scene.model.geom(f"{fixture}_panel_visual").size[:2]
    places = panel.xpos + np.array([[*half, 0.0], [*-half, 0.0]]) @ panel.xmat.reshape(3, 3).T
    local = (places - camera.xpos) @ camera.xmat.reshape(3, 3)
    tangents = local[:, :2] / local[:, 2:] / np.tan(np.radians(scene.model.camera("agentview").fovy[0]) / 2)
    return np.sort(64 * (1 + tangents), axis=0).round().astype(int)


def test_a_policy_sees_the_signs_the_right_way_round(rendered: LiberoEnv) -> None:
    """After the half turn that LIBERO's pictures get; each turned or mirrored sign is less like what it sees."""
    for index in range(0, 8, 2):
        frame = rendered.reset(index).frames[0][::-1, ::-1]
        boards = boards_of(ARROWS, index)
        for board, fixture in enumerate(FIXTURES):
            (left, top), (right, bottom) = _corners(rendered, fixture)
            seen = frame[top:bottom, left:right].astype(float)
            sign = Image.fromarray(boards.picture(board, 128)[:, ::-1]).resize(seen.shape[1::-1])
            drawn = np.asarray(sign).astype(float)
            likeness = [_correlation(seen, other) for other in (drawn, drawn[:, ::-1], drawn[::-1], drawn[::-1, ::-1])]
            assert likeness[0] > 0.8
            assert np.argmax(likeness) == 0


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


def test_an_episode_is_the_same_whatever_came_before(rendered: LiberoEnv) -> None:
    """And two that share a scene start with the same pictures."""
    rendered.reset(6)
    again, instruction = rendered.reset(3), rendered.instruction
    assert instruction == boards_of(ARROWS, 3).instruction
    with closing(LiberoEnv("libero_mini_think", ARROWS, resolution=128)) as fresh:
        first = fresh.reset(3)
    np.testing.assert_array_equal(again.frames, first.frames)
    np.testing.assert_array_equal(rendered.reset(2).frames, first.frames)
    assert rendered.instruction != instruction
    assert (rendered.reset(4).frames != first.frames).any()


def test_perturbations_keep_the_boards(rendered: LiberoEnv) -> None:
    """Their pictures, places and words, where the model is built anew and where the words change."""
    texture, paraphrase = find_perturbation("table_texture")(3), find_perturbation("paraphrase")(1)
    with closing(LiberoEnv("libero_mini_think", ARROWS, resolution=128, perturbation=texture)) as env:
        frame, usual = env.reset(0).frames[0], rendered.reset(0).frames[0]
        (left, top), (right, bottom) = _corners(env, FIXTURES[0])
        seen, expected = (picture[::-1, ::-1][top + 2 : bottom - 2, left + 2 : right - 2] for picture in (frame, usual))
        np.testing.assert_array_equal(seen, expected)
        assert (frame != usual).mean() > 0.2
        assert env.instruction == rendered.instruction
    with closing(LiberoEnv("libero_mini_think", ARROWS, cameras=(), perturbation=paraphrase)) as env:
        env.reset(0)
        assert rendered.instruction in env.instruction
        assert env.instruction != rendered.instruction


@pytest.fixture(scope="module")
def unrendered() -> Iterator[LiberoEnv]:
    env = LiberoEnv("libero_mini_think", 0, cameras=())
    yield env
    env.close()


@pytest.mark.parametrize("task", range(8))
def test_the_expert_solves_every_category(unrendered: LiberoEnv, task: int) -> None:
    """The tasks have one simulator in common and differ in the boards alone."""
    unrendered._boards = SignBoards(Scene(unrendered.simulator, ()), task)
    unrendered.reset(6 * task + task % 2)
    reader, steps, success = SceneReader(unrendered.simulator), 0, False
    while not success and steps < unrendered.max_steps:
        _, success = unrendered.step(expert_action(reader.read()))
        steps += 1
    assert success
    assert 20 < steps < 95


@pytest.mark.parametrize(("suite", "expected"), [("libero_mini_think", False), ("libero_mini_think_any", True)])
def test_the_wrong_board_counts_as_any_board_alone(suite: str, expected: bool) -> None:
    with closing(LiberoEnv(suite, 0, cameras=())) as env:
        for index in (0, 1):
            env.reset(index)
            scene = Scene(env.simulator, env.cameras)
            assert not _lies(env, scene.position("red_cube_1"))
            assert _lies(env, scene.position(FIXTURES[0]) + RESTING)
            assert _lies(env, scene.position(WRONG_BOARD) + RESTING) == expected


def _lies(env: LiberoEnv, place: np.ndarray) -> bool:
    """Return whether the goal holds with the cube at a place."""
    Scene(env.simulator, env.cameras).move_item(place)
    return any(env.step(np.array([0.0] * 6 + [-1.0]))[1] for _ in range(3))


def test_stored_states_are_pairs_that_can_be_made_again(unrendered: LiberoEnv) -> None:
    states = unrendered.init_states
    assert len(states) == EPISODES
    np.testing.assert_array_equal(states[::2], states[1::2])
    assert len(np.unique(states, axis=0)) == EPISODES // 2
    np.testing.assert_allclose(draw_state(unrendered.simulator, think_seed(7)), states[7], atol=1e-6)


def test_libero_finds_the_suites() -> None:
    from libero.libero.benchmark import get_benchmark

    for suite in THINK_SUITES:
        benchmark = get_benchmark(suite)()
        assert benchmark.get_task_names() == [f"think_{category}" for category in CATEGORIES]
        assert benchmark.get_task_init_states(0).shape == (EPISODES, 32)
        with pytest.raises(ValueError, match=f"`task_order_index` must be 0 for {suite}"):
            get_benchmark(suite)(task_order_index=1)
