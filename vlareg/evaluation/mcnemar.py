"""Whether two policies that ran the same episodes differ, and how many episodes it takes to see it."""

from math import ceil, comb, sqrt
from statistics import NormalDist

import numpy as np
from jaxtyping import Int


def mcnemar_exact(only_a: int, only_b: int) -> float:
    """Return the p-value of McNemar's exact test: whether two policies succeed equally often on the same episodes.

    Only the episodes on which they disagree count. If the policies were equally good, each of those would go to either
    one with probability 1/2; the p-value is the probability of a split at least as uneven, in either direction.

    Args:
        only_a: Number of episodes in which only policy a succeeded (>= 0).
        only_b: Number of episodes in which only policy b succeeded (>= 0).

    Returns:
        The p-value in (0, 1]; 1 if the policies never disagree.

    Raises:
        ValueError: If a number is negative.

    Reference:
        McNemar, "Note on the sampling error of the difference between correlated proportions or percentages",
        Psychometrika 12 (1947), pp. 153-157; the binomial distribution instead of his chi-squared approximation.

    Example:
        >>> mcnemar_exact(1, 5)
        0.21875
    """
    if min(only_a, only_b) < 0:
        raise ValueError(f"`only_a` and `only_b` must be >= 0, but got {only_a} and {only_b}.")
    n = only_a + only_b
    tail = sum(comb(n, k) for k in range(min(only_a, only_b) + 1))
    return min(1.0, 2 * tail / (1 << n))


def symmetry_test(differences: Int[np.ndarray, "starts"]) -> float:
    """Return the p-value of McNemar's exact test where several episodes share a start.

    Several checkpoints of an arm (training seeds) run from the same initial states, and what makes a start hard makes it
    hard for all of them; so a start's episodes are kept together. If the two arms were equally good, the sign of each
    start's difference would be a coin's. With one episode a start this is `mcnemar_exact`.

    Args:
        differences: Successes of b less those of a, for each start.

    Returns:
        The probability that the differences' sum is at least as far from 0 as it is, in (0, 1].

    Reference:
        Fisher, "The Design of Experiments" (1935), section 21: the randomization test of matched pairs.

    Example:
        >>> symmetry_test(np.array([-1, 0, 1, 1, 1, 1, 1]))
        0.21875
    """
    distribution = np.ones(1)  # probabilities of the sums -reach..reach
    for size in np.abs(differences[differences != 0]):
        coin = np.zeros(2 * size + 1)
        coin[[0, -1]] = 0.5
        distribution = np.convolve(distribution, coin)
    reach = len(distribution) // 2
    as_far = np.abs(np.arange(-reach, reach + 1)) >= abs(differences.sum())
    return min(1.0, float(distribution[as_far].sum()))


def episodes_needed(discordance: float, difference: float = 0.05, power: float = 0.8, level: float = 0.05) -> int:
    """Return how many paired episodes McNemar's test needs to find a difference of two success rates.

    With psi the discordance, delta the difference and z the normal quantiles:

        n = (z_{1 - level/2} sqrt(psi) + z_{power} sqrt(psi - delta^2))^2 / delta^2

    Args:
        discordance: Share of the episodes in which exactly one of the policies succeeds, in [0, 1]. It is at least the
            difference; a smaller one counts as that.
        difference: The difference to be found, in (0, 1].
        power: Probability of finding it, in (0, 1).
        level: Probability of finding one where there is none (two-sided), in (0, 1).

    Raises:
        ValueError: If a number is outside of its range.

    Reference:
        Connor, "Sample size for testing differences in proportions for the paired-sample design", Biometrics 43 (1987),
        pp. 207-211: the unconditional formula, without a correction for continuity.

    Example:
        >>> episodes_needed(0.2)
        626
    """
    if not 0 <= discordance <= 1:
        raise ValueError(f"`discordance` must be in [0, 1], but got {discordance}.")
    if not 0 < difference <= 1:
        raise ValueError(f"`difference` must be in (0, 1], but got {difference}.")
    for name, value in (("power", power), ("level", level)):
        if not 0 < value < 1:
            raise ValueError(f"`{name}` must be in (0, 1), but got {value}.")
    psi = max(discordance, difference)
    z_level, z_power = (NormalDist().inv_cdf(at) for at in (1 - level / 2, power))
    return ceil(((z_level * sqrt(psi) + z_power * sqrt(psi - difference**2)) / difference) ** 2)
