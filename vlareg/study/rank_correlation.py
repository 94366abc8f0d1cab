"""Do two quantities of a few policies go in the same order?"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from scipy.stats import spearmanr

MIN_POLICIES = 4
"""Below this the interval's standard error, with n - 3 in its denominator, does not exist."""


@dataclass(frozen=True)
class RankCorrelation:
    """Spearman's rank correlation.

    Args:
        n: Number of pairs.
        value: In [-1, 1]; NaN with fewer than 4 pairs, or where all values of a side are equal.
        low: Lower end of the 95 % interval, NaN where there is none.
        high: Its upper end.
    """

    n: int
    value: float
    low: float
    high: float

    @property
    def known(self) -> bool:
        """Whether there is a correlation with an interval."""
        return math.isfinite(self.value)


def rank_correlation(x: Sequence[float], y: Sequence[float], confidence: float = 0.95) -> RankCorrelation:
    r"""Return Spearman's rank correlation with an interval, and nothing where too few pairs would make one up.

    The interval is $\tanh(\operatorname{artanh} r \pm z \sqrt{(1 + r^2 / 2) / (n - 3)})$. A perfect order of n pairs, whose
    interval would be a point, counts as half way to the next possible value, $1 - 6 / (n (n^2 - 1))$.

    Args:
        x: One value per policy.
        y: One value per policy, in the same order.
        confidence: Probability that the interval covers the true correlation, in (0, 1).

    Raises:
        ValueError: If the numbers of values differ.

    Reference:
        Bonett, Wright, "Sample size requirements for estimating Pearson, Kendall and Spearman correlations", Psychometrika
        65 (2000), pp. 23-28 (the standard error).

    Example:
        >>> found = rank_correlation([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [1.0, 3.0, 2.0, 4.0, 6.0, 5.0])
        >>> print(f"{found.value:.3f} {found.low:.3f} {found.high:.3f}")
        0.886 0.066 0.992
        >>> rank_correlation([1.0, 2.0, 3.0], [1.0, 2.0, 3.0]).known
        False
    """
    if len(x) != len(y):
        raise ValueError(f"`x` and `y` must hold one value per policy, but hold {len(x)} and {len(y)}.")
    n = len(x)
    if n < MIN_POLICIES or np.ptp(x) == 0 or np.ptp(y) == 0:
        return RankCorrelation(n, math.nan, math.nan, math.nan)
    value = float(spearmanr(x, y).statistic)
    most = 1 - 6 / (n * (n * n - 1))
    r = max(-most, min(most, value))
    half = NormalDist().inv_cdf(0.5 + confidence / 2) * math.sqrt((1 + r * r / 2) / (n - 3))
    return RankCorrelation(n, value, math.tanh(math.atanh(r) - half), math.tanh(math.atanh(r) + half))
