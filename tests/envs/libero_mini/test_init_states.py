"""The stored start scenes are settled, apart, unsolved, and can be made again."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from vlareg.envs import LiberoEnv
from vlareg.envs.libero_mini.init_states import EPISODES, draw_state, fresh_seed, stored_seed


@pytest.fixture(scope="module", params=[0, 2, 4, 6, 8])
def env(request: pytest.FixtureRequest) -> Iterator[LiberoEnv]:
    """Return one task of each scene, unrendered."""
    env = LiberoEnv("libero_mini", request.param, cameras=())
    env.task = request.param  # type: ignore[attr-defined]
    yield env
    env.close()


def _places(simulator: Any) -> np.ndarray:
    names = [*simulator.env.objects_dict, *simulator.env.fixtures_dict]
    return np.array(
        [simulator.sim.data.body_xpos[simulator.env.obj_body_id[name]] for name in names if name != "main_table"]
    )


def test_nothing_touches_nothing_is_solved_nothing_moves(env: LiberoEnv) -> None:
    """Of both tasks that share the scene, in every stored state, through the waiting steps."""
    simulator = env.simulator
    goals = [simulator.env.parsed_problem["goal_state"]]
    twin = LiberoEnv("libero_mini", env.task + 1, cameras=())  # type: ignore[attr-defined]
    goals.append(twin.simulator.env.parsed_problem["goal_state"])
    twin.close()
    for index in range(0, EPISODES, 7):
        simulator.set_init_state(env.init_states[index])
        before = _places(simulator)
        env.reset(index)
        np.testing.assert_allclose(_places(simulator), before, atol=1e-3)
        gaps = np.linalg.norm(before[:, None, :2] - before[None, :, :2], axis=-1)[np.triu_indices(len(before), 1)]
        assert np.all(gaps > 0.1)
        assert not any(simulator.env._eval_predicate(goal) for states in goals for goal in states)


def test_states_are_spread_over_ten_centimetres(env: LiberoEnv) -> None:
    """All fifty differ, in both directions."""
    first_object = env.init_states[:, 10:12]
    assert len(np.unique(first_object, axis=0)) == EPISODES
    assert np.all(np.ptp(first_object, axis=0) > 0.07)
    assert np.all(np.ptp(first_object, axis=0) <= 0.101)


def test_the_stored_states_can_be_made_again(env: LiberoEnv) -> None:
    """The seeds still give what is stored."""
    task: int = env.task  # type: ignore[attr-defined]
    np.testing.assert_allclose(draw_state(env.simulator, stored_seed(task, 7)), env.init_states[7], atol=1e-6)


def test_fresh_seeds_are_never_stored_ones() -> None:
    """Not in any pair of task and number that is ever used."""
    stored = {stored_seed(task, index) for task in range(10) for index in range(EPISODES)}
    fresh = {fresh_seed(task, seed, index) for task in range(10) for seed in range(3) for index in range(1000)}
    assert len(stored) == 5 * EPISODES
    assert not stored & fresh
    assert len(fresh) > 29990  # 32-bit numbers may meet by chance
