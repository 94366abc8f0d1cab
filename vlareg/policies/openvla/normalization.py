"""Actions in the data set's units to [-1, 1] and back, by its 1 % and 99 % quantiles."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import ArrayLike

from vlareg.policies.openvla.config import NormStats


def action_statistics(norm_stats: NormStats | None, unnorm_key: str | None) -> dict[str, Any]:
    """Return one data set's action statistics.

    Args:
        norm_stats: Statistics by data set.
        unnorm_key: The data set; None where there is only one.

    Raises:
        ValueError: If there is no such data set, or more than one and none is named.
    """
    available = sorted(norm_stats or {})
    if not norm_stats:
        raise ValueError("`config.norm_stats` is empty, so actions cannot be un-normalised; set it to the data set's.")
    if unnorm_key is None and len(available) == 1:
        unnorm_key = available[0]
    if unnorm_key not in norm_stats:
        raise ValueError(f"`unnorm_key` must be one of {available}, but got {unnorm_key!r}.")
    stats: dict[str, Any] = norm_stats[unnorm_key]["action"]
    return stats


def normalize_actions(actions: ArrayLike, stats: Mapping[str, Any]) -> Float[np.ndarray, "*batch action_dim"]:
    """Map the interval between the quantiles to [-1, 1], clipped; dimensions outside the mask stay as they are.

    Args:
        actions: Actions in the data set's units.
        stats: "q01", "q99" and "mask" (True where the dimension is normalised; all if absent).

    Example:
        >>> normalize_actions([0.75, 1.0], {"q01": [0.0, 0.0], "q99": [1.0, 1.0], "mask": [True, False]}).round(6)
        array([0.5, 1. ])
    """
    values = np.asarray(actions, dtype=np.float64)
    low, high, mask = _bounds(stats)
    scaled = 2.0 * (values - low) / (high - low + 1e-8) - 1.0
    return np.where(mask, scaled.clip(-1.0, 1.0), values)


def unnormalize_actions(actions: ArrayLike, stats: Mapping[str, Any]) -> Float[np.ndarray, "*batch action_dim"]:
    """Undo `normalize_actions`.

    Args:
        actions: Normalised actions in [-1, 1].
        stats: As for `normalize_actions`.

    Example:
        >>> unnormalize_actions([0.0, 1.0], {"q01": [0.0, 0.0], "q99": [1.0, 1.0], "mask": [True, False]})
        array([0.5, 1. ])
    """
    values = np.asarray(actions, dtype=np.float64)
    low, high, mask = _bounds(stats)
    return np.where(mask, 0.5 * (values + 1.0) * (high - low) + low, values)


def _bounds(
    stats: Mapping[str, Any],
) -> tuple[Float[np.ndarray, "action_dim"], Float[np.ndarray, "action_dim"], Bool[np.ndarray, "action_dim"]]:
    low, high = (np.asarray(stats[name], dtype=np.float64) for name in ("q01", "q99"))
    mask = np.asarray(stats.get("mask", np.ones(len(low))), dtype=bool)
    return low, high, mask
