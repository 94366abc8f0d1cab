"""Success against the number of steps that an episode may take."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from vlareg.evaluation.intervals import wilson_interval
from vlareg.evaluation.records import EpisodeRecord


@dataclass(frozen=True)
class SuccessCurve:
    """How many episodes had succeeded by each step.

    An episode ends at its first success, so this is the success rate that a smaller limit of steps would have given.

    Args:
        steps: 0, 1, ... up to the limit (environment steps).
        rate: Share of the episodes that succeeded within so many steps, in [0, 1].
        low: Lower end of the 95 % Wilson interval at each step.
        high: Upper end.
    """

    steps: Int[np.ndarray, "steps"]
    rate: Float[np.ndarray, "steps"]
    low: Float[np.ndarray, "steps"]
    high: Float[np.ndarray, "steps"]


def success_curve(records: Sequence[EpisodeRecord], limit: int | None = None) -> SuccessCurve:
    """Count the successes by step; episodes whose simulator failed do not count.

    Args:
        records: The episodes; at least one has an outcome.
        limit: Where the curve ends (environment steps); at the longest episode where this is None.

    Raises:
        ValueError: If no episode has an outcome, or one is longer than the limit.

    Example:
        >>> taken = [2, 3, 3]
        >>> records = [EpisodeRecord("mini", 0, i, 0, i > 0, steps, "go") for i, steps in enumerate(taken)]
        >>> success_curve(records).rate.round(2).tolist()
        [0.0, 0.0, 0.0, 0.67]
    """
    outcomes = [record for record in records if record.success is not None]
    if not outcomes:
        raise ValueError("A curve needs at least one episode with an outcome, but there is none.")
    longest = max(record.steps for record in outcomes)
    limit = longest if limit is None else limit
    if limit < longest:
        raise ValueError(f"`limit` must be >= {longest}, the steps of the longest episode, but got {limit}.")
    ended = np.bincount([record.steps for record in outcomes if record.success], minlength=limit + 1)
    successes = np.cumsum(ended)
    ends = np.array([wilson_interval(int(count), len(outcomes)) for count in successes])
    return SuccessCurve(np.arange(limit + 1), successes / len(outcomes), ends[:, 0], ends[:, 1])
