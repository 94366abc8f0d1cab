"""Perturbations on LIBERO's own suites, whose scenes are of other sizes and whose resets move fixtures."""

from pathlib import Path

import numpy as np
import pytest

from vlareg.envs import LiberoEnv
from vlareg.envs.libero_setup import ASSETS_VARIABLE
from vlareg.envs.perturbations import PERTURBATIONS, Candidates, Distractors

ASSETS = Path(__file__).parents[4] / "shared" / "libero-assets"


@pytest.mark.skipif(not ASSETS.is_dir(), reason="LIBERO's assets are not here")
def test_distractors_stand_on_a_table_of_another_height(monkeypatch: pytest.MonkeyPatch) -> None:
    """After the waiting steps too, and in the same places when the episode is run again; others are refused at once."""
    monkeypatch.setenv(ASSETS_VARIABLE, str(ASSETS))
    env = LiberoEnv("libero_10", 0, cameras=(), perturbation=Distractors(3))
    heights, states = [], []
    for _ in range(2):
        env.reset(1)
        data = env.simulator.sim.data._data
        heights.append([data.body(f"distractor_{number}").xpos[2] for number in range(3)])
        states.append(env.simulator.get_sim_state())
    env.close()
    np.testing.assert_allclose(np.subtract(heights[0], [0.015, 0.035, 0.010]), 0.4368, atol=2e-3)  # the table's MJCF
    np.testing.assert_array_equal(states[0], states[1])
    with pytest.raises(ValueError, match="candidates is for libero_mini's objects"):
        LiberoEnv("libero_10", 0, cameras=(), perturbation=Candidates(1))


@pytest.mark.skipif(not ASSETS.is_dir(), reason="LIBERO's assets are not here")
@pytest.mark.parametrize("name", ["table_texture", "light"])
def test_what_an_episode_changed_the_next_one_does_not_find(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Textures and arrays of the model: an episode is the same alone, after another one, and in a model built anew."""
    monkeypatch.setenv(ASSETS_VARIABLE, str(ASSETS))
    env = LiberoEnv("libero_goal", 0, resolution=64, perturbation=PERTURBATIONS[name](PERTURBATIONS[name].max_level))
    alone, other, again = (env.reset(init_index).frames for init_index in (0, 1, 0))
    env.simulator.env.hard_reset = True
    built = env.reset(0).frames
    env.close()
    assert not np.array_equal(alone, other)
    np.testing.assert_array_equal(alone, again)
    np.testing.assert_array_equal(alone, built)
