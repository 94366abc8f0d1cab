"""Start scenes: draw one by its seed, and make the 50 stored ones.

`python -m vlareg.envs.libero_mini.init_states` makes the stored files anew.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from vlareg.envs.libero_mini.tasks import TASKS, bddl_file, init_states_file
from vlareg.envs.libero_mini.think import think_bddl_file, think_init_states_file
from vlareg.envs.libero_setup import import_libero

EPISODES = 50
"""Stored initial states of a task."""

SETTLING_STEPS = 10
"""Environment steps from the drop to the table until a state is taken."""

_STORED, _FRESH, _THINK, _SIGN = 0, 1, 2, 3  # families of seeds that never meet


def stored_seed(task: int, index: int) -> int:
    """Return the seed of a stored initial state; paired tasks share it."""
    return _seed(_STORED, task // 2, 0, index)


def think_seed(index: int) -> int:
    """Return the seed of a stored initial state of `libero_mini_think`; two episodes each share it."""
    return _seed(_THINK, index // 2)


def fresh_seed(task: int, seed: int, index: int) -> int:
    """Return the seed of a start scene for a demonstration, never that of a stored one.

    Args:
        task: The task.
        seed: The recording's seed.
        index: Number of the demonstration.
    """
    return _seed(_FRESH, task, seed, index)


def sign_seed(task: int, sign: int, seed: int, index: int) -> int:
    """Return the seed of a start scene for a demonstration of a sign, never that of a stored one.

    Args:
        task: Number of the sign's category.
        sign: Number of the sign in it.
        seed: The recording's seed.
        index: Number of the demonstration.
    """
    return _seed(_SIGN, task, sign, seed, index)


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
    import_libero()
    for task in range(0, len(TASKS), 2):
        seeds = [stored_seed(task, index) for index in range(EPISODES)]
        _store(bddl_file(task), seeds, [init_states_file(twin) for twin in (task, task + 1)])
    _store(
        think_bddl_file("libero_mini_think"),
        [think_seed(index) for index in range(EPISODES)],
        [think_init_states_file()],
    )


def _store(bddl: Path, seeds: Sequence[int], files: Sequence[Path]) -> None:
    import torch
    from libero.libero.envs import OffScreenRenderEnv

    simulator = OffScreenRenderEnv(bddl_file_name=str(bddl), use_camera_obs=False, hard_reset=False)
    states = np.stack([draw_state(simulator, seed) for seed in seeds])
    simulator.close()
    for file in files:
        torch.save(states, file)
        print(f"{file.name}: {states.shape}")


def _seed(*key: int) -> int:
    return int(np.random.SeedSequence(key).generate_state(1)[0])


if __name__ == "__main__":
    main()
