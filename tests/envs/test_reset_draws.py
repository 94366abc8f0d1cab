"""Fixtures stand where a loop of resets puts them, whatever the order of the episodes."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from tests.envs.disturbing import disturb
from vlareg.envs import LiberoEnv
from vlareg.envs.libero_setup import ASSETS_VARIABLE
from vlareg.envs.reset_draws import ResetDraws

ASSETS = Path(__file__).parents[3] / "shared" / "libero-assets"


def start(simulator):
    """Return the fixtures' places, the state, and what the solver starts from."""
    model, data = simulator.sim.model._model, simulator.sim.data._data
    return np.concatenate([model.body_pos.ravel(), model.body_quat.ravel(), data.qpos, data.qvel, data.qacc_warmstart])


def by_a_loop(env, episodes):
    """Start episode after episode as the published protocol does, in an environment that was just made."""
    simulator, starts = env.simulator, []
    simulator.env.hard_reset = True
    simulator.seed(0)
    for init_index in range(episodes):
        simulator.reset()
        simulator.set_init_state(env.init_states[init_index])
        for _ in range(10):
            simulator.step([0.0, 0.0, 0.0, 0.0, 0.0, 0.0, -1.0])
        starts.append(start(simulator))
    simulator.env.hard_reset = False
    return starts


@pytest.mark.skipif(not ASSETS.is_dir(), reason="LIBERO's assets are not here")
@pytest.mark.parametrize(("suite", "task"), [("libero_spatial", 4), ("libero_object", 0), ("libero_10", 3)])
def test_in_any_order_episodes_start_as_in_a_loop(suite, task, monkeypatch):
    """Tasks with objects in a drawer, with many contacts, and with a drawer whose sampler LIBERO adds once more in every reset."""
    monkeypatch.setenv(ASSETS_VARIABLE, str(ASSETS))
    env = LiberoEnv(suite, task, cameras=())
    loop = by_a_loop(env, 3)
    for init_index in (2, 0, 1):
        disturb(env)
        env.reset(init_index)
        np.testing.assert_array_equal(start(env.simulator), loop[init_index])
    env.close()


class Sampler:
    """Draws one number, and fails where it is said to, as robosuite's does where objects do not fit."""

    name = "drawer"

    def __init__(self, fails_at=()):
        self.calls, self.fails_at = 0, fails_at

    def sample(self, *_):
        from robosuite.utils.errors import RandomizationError

        self.calls += 1
        np.random.rand()  # noqa: NPY002
        if self.calls in self.fails_at:
            raise RandomizationError
        return {}


def test_a_reset_that_failed_was_made_once_more():
    from robosuite.utils.binding_utils import MjSim

    drawer, objects, rest = Sampler(), Sampler(fails_at=(2,)), Sampler()
    problem = SimpleNamespace(
        robots=[SimpleNamespace(init_qpos=np.zeros(7))], sim=MjSim.from_xml_string("<mujoco/>"), hard_reset=True,
        object_states_dict={"drawer": SimpleNamespace(set_joint=lambda _: None)}, object_property_initializers=[drawer],
        placement_initializer=objects, conditional_placement_initializer=rest, conditional_placement_on_objects_initializer=rest,
    )  # fmt: skip
    ResetDraws(SimpleNamespace(env=problem)).skip(2)
    assert objects.calls == 3
    assert drawer.calls == 2 + 3 + 4
    assert problem.object_property_initializers == [drawer] * 4
