"""An episode follows the published protocol, and depends on its arguments alone."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vlareg.envs import LiberoEnv, Observation
from vlareg.envs.libero_setup import ASSETS_VARIABLE
from vlareg.envs.perturbations import find_perturbation

ASSETS = Path(__file__).parents[3] / "shared" / "libero-assets"


@pytest.fixture(scope="module")
def env() -> Iterator[LiberoEnv]:
    """Return task 2 of the embedded suite in small pictures."""
    env = LiberoEnv("libero_mini", 2, resolution=48)
    yield env
    env.close()


def _actions(steps: int) -> np.ndarray:
    return np.random.default_rng(0).uniform(-1.0, 1.0, (steps, 7))


def _run(env: LiberoEnv, init_index: int, steps: int = 6) -> list[Observation]:
    return [env.reset(init_index), *(env.step(action)[0] for action in _actions(steps))]


def _assert_same(first: list[Observation], second: list[Observation]) -> None:
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one.proprio, other.proprio)
        np.testing.assert_array_equal(one.frames, other.frames)


def test_an_episode_does_not_depend_on_the_ones_before(env: LiberoEnv) -> None:
    """After another episode, and in a new environment, it is the same to the last bit."""
    first = _run(env, 3)
    _run(env, 4, steps=9)
    _assert_same(first, _run(env, 3))
    fresh = LiberoEnv("libero_mini", 2, resolution=48)
    _assert_same(first, _run(fresh, 3))
    fresh.close()


def _by_the_protocol(env: LiberoEnv, init_index: int, steps: int, **keywords: Any) -> list[dict[str, np.ndarray]]:
    """Roll out with LIBERO's own environment alone: hard resets, every camera in every step."""
    from libero.libero.envs import OffScreenRenderEnv

    simulator = OffScreenRenderEnv(
        bddl_file_name=env.simulator.env.bddl_file_name, camera_heights=48, camera_widths=48, **keywords
    )
    simulator.seed(0)
    simulator.reset()
    simulator.set_init_state(env.init_states[init_index])
    for _ in range(10):
        observation, _, _, _ = simulator.step([0.0] * 6 + [-1.0])
    observations = [observation]
    for action in _actions(steps):
        observations.append(simulator.step(action)[0])
    simulator.close()
    return observations


def _assert_protocol(env: LiberoEnv, init_index: int, steps: int) -> None:
    for mine, theirs in zip(_run(env, init_index, steps), _by_the_protocol(env, init_index, steps), strict=True):
        np.testing.assert_array_equal(mine.frames[0], theirs["agentview_image"])
        np.testing.assert_array_equal(mine.frames[1], theirs["robot0_eye_in_hand_image"])
        np.testing.assert_array_equal(mine.proprio[:3], theirs["robot0_eef_pos"].astype(np.float32))
        np.testing.assert_array_equal(mine.proprio[6:], theirs["robot0_gripper_qpos"].astype(np.float32))


def test_it_is_the_published_protocol(env: LiberoEnv) -> None:
    """Soft resets and unrendered waiting steps change no bit of what LIBERO's own environment shows."""
    _assert_protocol(env, 5, steps=6)


@pytest.mark.skipif(not ASSETS.is_dir(), reason="LIBERO's assets are not here")
def test_an_official_suite_follows_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first task of libero_object, with its real meshes."""
    monkeypatch.setenv(ASSETS_VARIABLE, str(ASSETS))
    env = LiberoEnv("libero_object", 0, resolution=48)
    assert env.instruction == "pick up the alphabet soup and place it in the basket"
    assert (env.max_steps, env.num_init_states) == (280, 50)
    _assert_protocol(env, 1, steps=2)
    env.close()


def test_without_cameras_nothing_is_rendered() -> None:
    """The state is the same; there are no frames."""
    blind = LiberoEnv("libero_mini", 2, cameras=())
    observation = blind.reset(0)
    assert observation.frames.shape == (0, 0, 0, 3)
    assert observation.proprio.dtype == np.float32
    blind.close()


def test_the_cameras_come_in_the_order_asked_for(env: LiberoEnv) -> None:
    """One camera alone gives the same picture as among two."""
    wrist = LiberoEnv("libero_mini", 2, resolution=48, cameras=("robot0_eye_in_hand",))
    np.testing.assert_array_equal(wrist.reset(0).frames[0], env.reset(0).frames[1])
    wrist.close()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"suite": "libero_mni"}, r"Did you mean libero_mini"),
        ({"task": 10}, r"`task` must be in 0\.\.9 for libero_mini, but got 10"),
        ({"resolution": 0}, r"`resolution` must be > 0, but got 0"),
        (
            {"cameras": (), "perturbation": find_perturbation("image_blend")(1)},
            "`cameras` must not be empty with image_blend",
        ),
    ],
)
def test_wrong_arguments_are_named(arguments: dict[str, Any], message: str) -> None:
    """Before anything is built."""
    with pytest.raises(ValueError, match=message):
        LiberoEnv(**{"suite": "libero_mini", "task": 0, **arguments})


def test_wrong_calls_are_named(env: LiberoEnv) -> None:
    """An initial state that is not there, and actions that are no actions."""
    with pytest.raises(ValueError, match=r"`init_index` must be in 0\.\.49, but got 50"):
        env.reset(50)
    env.reset(0)
    for action in (np.zeros(6), np.full(7, np.nan)):
        with pytest.raises(ValueError, match="`action` must be 7 finite numbers"):
            env.step(action)
