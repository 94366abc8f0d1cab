"""What holds for all of them: an episode is the same whenever it is run, and differs from its control as it should."""

from collections.abc import Iterator

import numpy as np
import pytest

from vlareg.envs import LiberoEnv
from vlareg.envs.perturbations import PERTURBATIONS, EpisodeKey, Perturbation, find_perturbation

SEEN_ONLY = {
    "table_texture",
    "background_texture",
    "light",
    "image_blend",
    "foreground_blend",
    "sensor_noise",
    "camera_azimuth",
    "camera_distance",
}

Trace = tuple[np.ndarray, np.ndarray, str]


def _trace(env: LiberoEnv, init_index: int) -> Trace:
    """Return the simulator's states, the images and the instruction of an episode of fixed actions."""
    observations, states = [env.reset(init_index)], [env.simulator.get_sim_state()]
    for step, action in enumerate(np.random.default_rng(0).uniform(-0.5, 0.5, (9, 7))):  # a moved object has moved then
        env.render(step == 8)
        observations.append(env.step(action)[0])
        states.append(env.simulator.get_sim_state())
    return np.stack(states), np.stack([observation.frames for observation in observations]), env.instruction


def _perturbed(perturbation: Perturbation | None) -> LiberoEnv:
    return LiberoEnv("libero_mini", 0, resolution=32, perturbation=perturbation)


@pytest.fixture(scope="module")
def control() -> Iterator[Trace]:
    """Return initial state 0 of task 0 without a change."""
    env = _perturbed(None)
    yield _trace(env, 0)
    env.close()


@pytest.mark.parametrize("name", PERTURBATIONS)
def test_an_episode_is_the_same_alone_and_after_another(name: str, control: Trace) -> None:
    """To the last bit; and it is another one than without the change."""
    perturbation = PERTURBATIONS[name](PERTURBATIONS[name].max_level)
    env = _perturbed(perturbation)
    alone, _, again = _trace(env, 0), _trace(env, 1), _trace(env, 0)
    env.close()
    for one, other in zip(again[:2], alone[:2], strict=True):
        np.testing.assert_array_equal(one, other)
    assert again[2] == alone[2]
    assert _same_states(alone, control) == (name in SEEN_ONLY | {"paraphrase"})
    assert np.array_equal(alone[1], control[1]) == (name == "paraphrase")
    assert (alone[2] == control[2]) == (name not in ("paraphrase", "unseen_object"))


def _same_states(one: Trace, other: Trace) -> bool:
    return one[0].shape == other[0].shape and np.array_equal(one[0], other[0])


@pytest.mark.parametrize("name", PERTURBATIONS)
def test_levels_are_checked_and_level_0_is_called_none(name: str) -> None:
    """The record of an unchanged episode says so."""
    kind = PERTURBATIONS[name]
    assert str(kind(0)) == "none"
    assert str(kind(1)) == f"{name} level 1"
    assert kind(0).reword("put the red cube on the plate", EpisodeKey(0, 0, 0)) == "put the red cube on the plate"
    with pytest.raises(ValueError, match=rf"`level` of {name} must be in 0\.\.{kind.max_level}, but got -1"):
        kind(-1)
    with pytest.raises(ValueError, match=f"but got {kind.max_level + 1}"):
        kind(kind.max_level + 1)


@pytest.mark.parametrize("name", ["table_texture", "distractors", "sensor_noise"])
def test_level_0_is_the_control(name: str, control: Trace) -> None:
    """To the last bit: one that would change the model, the state, the images."""
    env = _perturbed(PERTURBATIONS[name](0))
    trace = _trace(env, 0)
    env.close()
    for one, other in zip(trace[:2], control[:2], strict=True):
        np.testing.assert_array_equal(one, other)


def test_global_randomness_is_neither_used_nor_needed() -> None:
    """Another state of NumPy's generator, the same numbers."""
    key = EpisodeKey(0, 3, 7)
    np.random.seed(1)  # noqa: NPY002
    first = key.generator("light").uniform(size=5)
    np.random.seed(2)  # noqa: NPY002
    np.testing.assert_array_equal(first, key.generator("light").uniform(size=5))
    others = [EpisodeKey(1, 3, 7), EpisodeKey(0, 4, 7), EpisodeKey(0, 3, 8)]
    draws = [other.generator("light").uniform() for other in others]
    draws += [key.generator("camera").uniform(), key.generator("light", step=1).uniform(), first[0]]
    assert len(set(draws)) == 6


def test_an_unknown_name_suggests_the_nearest() -> None:
    """And lists all."""
    with pytest.raises(ValueError, match=r"must be one of table_texture, .*'distractor'\. Did you mean distractors\?"):
        find_perturbation("distractor")
