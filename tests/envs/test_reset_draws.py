"""Fixtures stand where a loop of resets puts them, whatever the order of the episodes."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from vlareg.envs import LiberoEnv
from vlareg.envs.libero_setup import ASSETS_VARIABLE
from vlareg.envs.reset_draws import ResetDraws

ASSETS = Path(__file__).parents[3] / "shared" / "libero-assets"


def places(simulator):
    problem = simulator.env
    return np.array([simulator.sim.model.body_pos[problem.obj_body_id[name]] for name in problem.fixtures_dict])


@pytest.mark.skipif(not ASSETS.is_dir(), reason="LIBERO's assets are not here")
def test_in_any_order_they_stand_where_a_loop_puts_them(monkeypatch):
    """A task with a drawer, whose sampler LIBERO adds once more in every reset."""
    monkeypatch.setenv(ASSETS_VARIABLE, str(ASSETS))
    env = LiberoEnv("libero_10", 3, cameras=())
    env.simulator.seed(0)
    loop = []
    for _ in range(3):
        env.simulator.reset()
        loop.append(places(env.simulator))
    assert not np.array_equal(loop[0], loop[1])
    for init_index in (2, 0, 1):
        env.reset(init_index)
        np.testing.assert_array_equal(places(env.simulator), loop[init_index])
    env.close()


class Sampler:
    """Draws one number, and fails where it is said to, as robosuite's does where objects do not fit."""

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
    drawer, objects, rest = Sampler(), Sampler(fails_at=(2,)), Sampler()
    problem = SimpleNamespace(
        robots=[SimpleNamespace(init_qpos=np.zeros(7))], sim=None, object_property_initializers=[drawer],
        placement_initializer=objects, conditional_placement_initializer=rest, conditional_placement_on_objects_initializer=rest,
    )  # fmt: skip
    ResetDraws(SimpleNamespace(env=problem)).skip(2)
    assert objects.calls == 3
    assert drawer.calls == 2 + 3 + 4
    assert problem.object_property_initializers == [drawer] * 4
