"""Where the model is kept over a reset, that changes no bit of an episode.

`VLAREG_TEST_SUITES=libero_goal,libero_90` compares every task of these suites; a few by default, for time.
"""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.envs.disturbing import disturb
from vlareg.envs import SUITES, LiberoEnv
from vlareg.envs.libero_setup import ASSETS_VARIABLE

ASSETS = Path(__file__).parents[3] / "shared" / "libero-assets"
NAMED = [name for name in os.environ.get("VLAREG_TEST_SUITES", "").split(",") if name]
MINI = [
    ("libero_mini", task) for task in range(0, SUITES["libero_mini"].num_tasks, 2)
]  # the next task has the same scene
OFFICIAL = [("libero_object", 0), ("libero_10", 2), ("libero_10", 3)]  # many contacts, a stove, a drawer
TASKS = [(name, task) for name in NAMED for task in range(SUITES[name].num_tasks)] or MINI + OFFICIAL


def record(env: LiberoEnv, observation: Any) -> dict[str, np.ndarray]:
    """Return all that a step leaves: state, what the solver starts from, every observation, and the model's arrays."""
    data, model = env.simulator.sim.data._data, env.simulator.sim.model._model
    names = [name for name in dir(model) if not name.startswith(("_", "mesh_", "tex_"))]
    arrays = {name: array for name in names if isinstance(array := getattr(model, name), np.ndarray)}
    solver = {"state": env.simulator.get_sim_state(), "warmstart": data.qacc_warmstart, "control": data.ctrl}
    everything = {**arrays, **solver, **env.raw, "frames": observation.frames}
    return {name: np.array(array) for name, array in everything.items()}


def episode(env: LiberoEnv, init_index: int, steps: int) -> list[dict[str, np.ndarray]]:
    """Return the records of an episode of random actions, the gripper's included."""
    records = [record(env, env.reset(init_index))]
    for action in np.random.default_rng(init_index).uniform(-1.0, 1.0, (steps, 7)):
        records.append(record(env, env.step(action)[0]))
    return records


@pytest.mark.parametrize(("suite", "task"), TASKS)
def test_a_reset_that_keeps_the_model_is_as_good_as_one_that_does_not(
    suite: str, task: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After another episode: states, models, observations and both views, bit by bit."""
    if not SUITES[suite].is_embedded:
        if not ASSETS.is_dir():
            pytest.skip("LIBERO's assets are not here")
        monkeypatch.setenv(ASSETS_VARIABLE, str(ASSETS))
    env = LiberoEnv(suite, task, resolution=32)
    assert not env.simulator.env.hard_reset
    disturb(env)
    kept = episode(env, 3, steps=4)
    env.simulator.env.hard_reset = True
    built = episode(env, 3, steps=4)
    env.close()
    for one, other in zip(kept, built, strict=True):
        assert one.keys() == other.keys()
        assert [name for name in one if not np.array_equal(one[name], other[name])] == []
