"""Start scenes: draw one by its seed, and make the 50 stored ones.

`python -m vlareg.envs.libero_mini.init_states` makes the stored files anew.
"""

from typing import Any

import numpy as np
from jaxtyping import Float

from vlareg.envs.libero_mini.tasks import TASKS, bddl_file, init_states_file
from vlareg.envs.libero_setup import import_libero

EPISODES = 50
"""Stored initial states of a task."""

SETTLING_STEPS = 10
"""Environment steps from the drop to the table until a state is taken."""

_STORED, _FRESH = 0, 1  # two families of seeds that never meet


def stored_seed(task: int, index: int) -> int:
    """Return the seed of a stored initial state; paired tasks share it."""
    return _seed(_STORED, task // 2, 0, index)


def fresh_seed(task: int, seed: int, index: int) -> int:
    """Return the seed of a start scene for a demonstration, never that of a stored one.

    Args:
        task: The task.
        seed: The recording's seed.
        index: Number of the demonstration.
    """
    return _seed(_FRESH, task, seed, index)


def draw_state(simulator: Any, seed: int) -> Float[np.ndarray, "state"]:
    """Draw a start scene: objects at rest at random places of their regions, the arm as at a reset.

    Args:
        simulator: One of LIBERO's environments.
        seed: Seed of the places.

    Returns:
        The simulator's state: time (s), joint positions, joint velocities.
    """
    simulator.seed(seed)
    simulator.reset()
    robot, sim = simulator.env.robots[0], simulator.sim
    for _ in range(SETTLING_STEPS):
        simulator.step([0.0] * 6 + [-1.0])
    sim.data.qpos[robot._ref_joint_pos_indexes] = robot.init_qpos
    sim.data.qvel[:] = 0.0
    sim.data.time = 0.0
    return np.array(simulator.get_sim_state())


def main() -> None:
    """Make the stored initial states of every task."""
    import torch

    import_libero()
    from libero.libero.envs import OffScreenRenderEnv

    for task in range(0, len(TASKS), 2):
        simulator = OffScreenRenderEnv(bddl_file_name=str(bddl_file(task)), use_camera_obs=False, hard_reset=False)
        states = np.stack([draw_state(simulator, stored_seed(task, index)) for index in range(EPISODES)])
        simulator.close()
        for twin in (task, task + 1):
            torch.save(states, init_states_file(twin))
            print(f"{init_states_file(twin).name}: {states.shape}")


def _seed(*key: int) -> int:
    return int(np.random.SeedSequence(key).generate_state(1)[0])


if __name__ == "__main__":
    main()
