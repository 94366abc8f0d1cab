"""How sure a success rate or a mean is."""

from collections.abc import Sequence
from math import nan, sqrt
from statistics import NormalDist, mean, stdev

CONFIDENCE = 0.95
"""Probability that an interval of an evaluation covers what it is about."""


def wilson_interval(successes: int, n: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return the Wilson score interval of a success rate.

    Args:
        successes: Number of successful episodes.
        n: Number of episodes; without any, nothing is known and the interval is (0, 1).
        confidence: Probability that the interval covers the true rate, in (0, 1).

    Returns:
        The lower and the upper end, each in [0, 1].

    Raises:
        ValueError: If `successes` is not in 0..n, or `confidence` is not in (0, 1).

    Reference:
        Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927), pp. 209-212.

    Example:
        >>> low, high = wilson_interval(8, 10)
        >>> print(f"{low:.4f} {high:.4f}")
        0.4902 0.9433
    """
    if not 0 <= successes <= n:
        raise ValueError(f"`successes` must be in 0..n, but got {successes} of n = {n}.")
    if not 0 < confidence < 1:
        raise ValueError(f"`confidence` must be in (0, 1), but got {confidence}.")
    if n == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    rate = successes / n
    centre = (rate + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
    return centre - half if successes else 0.0, centre + half if successes < n else 1.0  # the ends without rounding


def t_interval(values: Sequence[float], confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return Student's interval of a mean, such as that of the differences of several training seeds.

    Args:
        values: Independent measurements.
        confidence: Probability that the interval covers the true mean, in (0, 1).

    Returns:
        The lower and the upper end; NaN with fewer than two values, or if all are equal, which says nothing about how
        much they vary.

    Raises:
        ValueError: If `confidence` is not in (0, 1).

    Reference:
        Student, "The probable error of a mean", Biometrika 6 (1908), pp. 1-25.

    Example:
        >>> low, high = t_interval([0.02, 0.05, 0.08])
        >>> print(f"{low:.4f} {high:.4f}")
        -0.0245 0.1245
    """
    if not 0 < confidence < 1:
        raise ValueError(f"`confidence` must be in (0, 1), but got {confidence}.")
    if len(values) < 2 or len(set(values)) == 1:
        return nan, nan
    from scipy.stats import t  # here, because worker processes import this package and SciPy takes a second

    half = float(t.ppf(0.5 + confidence / 2, len(values) - 1)) * stdev(values) / sqrt(len(values))
    return mean(values) - half, mean(values) + half
