"""A number with its interval and what it was counted on."""

from collections.abc import Callable
from dataclasses import dataclass
from math import nan

import torch
from jaxtyping import Float, Int
from torch import Tensor

from vlareg.evaluation.intervals import t_interval, wilson_interval
from vlareg.functional.resampling import MIN_EPISODES, episode_halves, half_scores, halves_interval


@dataclass(frozen=True)
class Estimate:
    """A number and its 95 % interval.

    Args:
        value: The number.
        low: Lower end; NaN where nothing says how sure the number is.
        high: Upper end.
        n: How many samples it is from.
    """

    value: float
    low: float
    high: float
    n: int


def rate(successes: int, n: int) -> Estimate:
    """Return a share with its Wilson interval.

    Args:
        successes: How many.
        n: Of how many (> 0).

    Example:
        >>> rate(8, 10).value
        0.8
    """
    return Estimate(successes / n, *wilson_interval(successes, n), n)


def mean(values: Float[Tensor, "samples"]) -> Estimate:
    """Return a mean with Student's interval.

    Args:
        values: One number per independent sample.
    """
    return Estimate(float(values.double().mean()), *t_interval(values.double().tolist()), len(values))


def by_episodes(
    metric: Callable[[Int[Tensor, "rows"]], Tensor], episodes: Int[Tensor, "samples"], halvings: int
) -> Estimate:
    """Return a score of samples that come in episodes, with the interval that halves of the episodes give.

    Args:
        metric: Called with rows, returns their score.
        episodes: Episode of each sample.
        halvings: Divisions of the episodes into halves (>= 1).

    Returns:
        The score; without an interval where there are fewer than 6 episodes.
    """
    value = metric(torch.arange(len(episodes)))
    found = len(torch.unique(episodes))
    low = high = torch.tensor(nan)
    if found >= MIN_EPISODES:
        halves = half_scores(metric, episode_halves(episodes, halvings))
        low, high = halves_interval(value, halves, found)
    return Estimate(float(value), float(low), float(high), len(episodes))
