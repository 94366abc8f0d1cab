"""The gripper's sign between a data set and the simulator, in one place."""

import numpy as np
from jaxtyping import Float

Actions = Float[np.ndarray, "*batch 7"]
"""Translation (3), rotation (3), gripper (1)."""


def dataset_to_simulator_gripper(actions: Actions) -> Actions:
    """Turn the gripper from the data set's convention into the simulator's.

    Data sets say 1 = open, 0 = close; LIBERO takes -1 = open, +1 = close. What lies between is rounded to the nearer of
    the two (0.5 closes): 2x - 1, its sign, times -1.

    Args:
        actions: Actions with the gripper in [0, 1] (1 = open).

    Returns:
        The same actions with the gripper -1 (open) or +1 (close).

    Example:
        >>> dataset_to_simulator_gripper(np.array([[0, 0, 0, 0, 0, 0, 1.0], [0, 0, 0, 0, 0, 0, 0.0]]))[:, -1].tolist()
        [-1.0, 1.0]
    """
    turned = np.array(actions, dtype=np.float64)
    turned[..., -1] = np.where(2 * turned[..., -1] - 1 > 0, -1.0, 1.0)
    return turned
