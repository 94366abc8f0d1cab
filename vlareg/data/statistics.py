"""Statistics of actions and states, in the format of OpenVLA's `dataset_statistics.json`."""

from typing import Any

import numpy as np
from jaxtyping import Float

LOW_QUANTILE, HIGH_QUANTILE = 0.01, 0.99


def column_statistics(values: Float[np.ndarray, "samples dim"]) -> dict[str, list[float]]:
    """Return mean, std, extrema and the 1 % and 99 % quantiles of each column, in the units of `values`."""
    rows = {
        "mean": values.mean(axis=0),
        "std": values.std(axis=0),
        "min": values.min(axis=0),
        "max": values.max(axis=0),
        "q01": np.quantile(values, LOW_QUANTILE, axis=0),
        "q99": np.quantile(values, HIGH_QUANTILE, axis=0),
    }
    return {name: [float(v) for v in row] for name, row in rows.items()}


def dataset_statistics(
    actions: Float[np.ndarray, "samples 7"], proprio: Float[np.ndarray, "samples proprio_dim"], num_trajectories: int
) -> dict[str, Any]:
    """Return what OpenVLA keeps in `norm_stats[dataset]`; the gripper (last action) is not normalised.

    Args:
        actions: Actions of the training split, gripper in OpenVLA's convention (1 opens, 0 closes).
        proprio: States of the training split (m, rad, m).
        num_trajectories: Number of training episodes.
    """
    action = column_statistics(actions)
    mask = [True] * (actions.shape[1] - 1) + [False]
    return {
        "action": {**action, "mask": mask},
        "proprio": column_statistics(proprio),
        "num_transitions": len(actions),
        "num_trajectories": num_trajectories,
    }


def gripper_to_openvla(actions: Float[np.ndarray, "*batch 7"]) -> Float[np.ndarray, "*batch 7"]:
    """Convert LIBERO's gripper (-1 opens, +1 closes) to OpenVLA's training convention (1 open, 0 closed)."""
    gripper = (1 - np.clip(actions[..., -1:], -1, 1)) / 2
    return np.concatenate([actions[..., :-1], gripper], axis=-1).astype(np.float32)
