"""Where the model is kept over a reset, that changes no bit of an episode."""

import numpy as np
import pytest

from vlareg.envs import SUITES, LiberoEnv


def _episode(env: LiberoEnv, init_index: int, seed: int, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Return all states and frames of an episode of random actions, the gripper's included."""
    frames, states = [env.reset(init_index).frames], [env.simulator.get_sim_state()]
    for action in np.random.default_rng(seed).uniform(-1.0, 1.0, (steps, 7)):
        frames.append(env.step(action)[0].frames)
        states.append(env.simulator.get_sim_state())
    return np.stack(states), np.stack(frames)


@pytest.mark.parametrize("task", range(0, SUITES["libero_mini"].num_tasks, 2))  # the next task has the same scene
def test_a_soft_reset_is_as_good_as_a_hard_one(task: int) -> None:
    """After another episode that ended with closing fingers: in every scene of the suite, states and both views."""
    env = LiberoEnv("libero_mini", task, resolution=32)
    assert not env.simulator.env.hard_reset
    _episode(env, 7, seed=1, steps=5)
    env.step(np.array([0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0]))
    soft_states, soft_frames = _episode(env, 3, seed=0, steps=4)
    env.simulator.env.hard_reset = True
    hard_states, hard_frames = _episode(env, 3, seed=0, steps=4)
    env.close()
    np.testing.assert_array_equal(soft_states, hard_states)
    np.testing.assert_array_equal(soft_frames, hard_frames)
