"""A score beside what chance gives."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from vlareg.functional.space import per_side

ROUNDING = 1e-6
"""A permuted score below the observed one by less than this share of it counts as equal to it (dimensionless)."""


@dataclass(frozen=True)
class Score:
    """A score that says what it is of, what chance gives, and how sure it is.

    Args:
        title: What is compared, and by which metric, such as "actions/mutual_knn".
        k: Number of neighbours, or one for each side; None for metrics without.
        samples: N, on which scores of neighbours depend.
        episodes: Number of episodes: how much independent evidence there is.
        value: The score.
        chance: Its mean when whole episodes are permuted.
        z: (value - chance) / standard deviation when whole episodes are permuted.
        p: Probability of at least this value when whole episodes are permuted, at least 1 / (permutations + 1).
        low: Lower end of the 95 % interval of the score that other episodes like these, equally many, would have on
            average; NaN where there are fewer than 6, or none was asked for.
        high: Its upper end.
        best: Largest possible value: 1, or k for `lcs_knn`.

    Example:
        >>> score = Score("actions/mutual_knn", 10, 1000, 20, 0.208, 0.01, 95.0, 0.005, 0.19, 0.23)
        >>> print(f"{score.name}: {score.calibrated:.1f}")
        actions/mutual_knn_k10_n1000: 0.2
    """

    title: str
    k: int | tuple[int, int] | None
    samples: int
    episodes: int
    value: float
    chance: float
    z: float
    p: float
    low: float
    high: float
    best: float = 1.0

    @property
    def name(self) -> str:
        """Return the title with k and N: a score of other numbers is another score."""
        if self.k is None:
            return f"{self.title}_n{self.samples}"
        k_x, k_y = per_side(self.k)
        return f"{self.title}_k{k_x if k_x == k_y else f'{k_x}x{k_y}'}_n{self.samples}"

    @property
    def calibrated(self) -> float:
        """Return (value - chance) / (best - chance): 0 by chance, 1 for perfect agreement."""
        return (self.value - self.chance) / (self.best - self.chance)


def against_chance(
    value: Float[Tensor, "*pairs"], null: Float[Tensor, "permutations *nulls"]
) -> tuple[Float[Tensor, "*nulls"], Float[Tensor, "*pairs"], Float[Tensor, "*pairs"]]:
    """Return chance (the mean of the permuted scores), z and p.

    Args:
        value: One score, or one per pair.
        null: One score per permutation, or one per permutation and pair.

    Example:
        >>> [float(number) for number in against_chance(torch.tensor(4.0), torch.tensor([1.0, 2.0, 3.0]))]
        [2.0, 2.0, 0.25]
    """
    return null.double().mean(dim=0), standard_score(value, null), p_value(value, null)


def p_value(value: Float[Tensor, "*pairs"], null: Float[Tensor, "permutations *nulls"]) -> Float[Tensor, "*pairs"]:
    """Return the probability of at least this value by chance, counting the observed order among the permutations.

    The values of many pairs against the null of their maximum have p-values that hold for all of them together: with
    probability .95 none of many unrelated pairs has p < .05.

    Args:
        value: One score, or one per pair.
        null: One score per permutation, or one per permutation and pair.

    Returns:
        (permuted scores at least as large + 1) / (permutations + 1); NaN where the score or a permuted one is.

    Reference:
        Phipson, Smyth, "Permutation p-values should never be zero", 2010, arXiv 1603.05766, section 2; for the maximum:
        Westfall, Young, "Resampling-Based Multiple Testing", 1993, section 2.5.

    Example:
        >>> p_value(torch.tensor(3.0), torch.tensor([1.0, 2.0, 3.0]))
        tensor(0.5000)
    """
    null = _per_pair(value, null)
    reached = (null >= value - ROUNDING * value.abs()).sum(dim=0)
    known = ~(null.isnan().any(dim=0) | value.isnan())
    return torch.where(known, (reached + 1) / (len(null) + 1), torch.nan)


def standard_score(
    value: Float[Tensor, "*pairs"], null: Float[Tensor, "permutations *nulls"]
) -> Float[Tensor, "*pairs"]:
    """Return how many standard deviations of the permuted scores the value lies above their mean.

    Args:
        value: One score, or one per pair.
        null: One score per permutation, or one per permutation and pair.

    Returns:
        z; NaN where all permuted scores are equal.

    Example:
        >>> standard_score(torch.tensor(4.0), torch.tensor([1.0, 2.0, 3.0]))
        tensor(2.)
    """
    null = _per_pair(value, null)
    spread = null.std(dim=0)
    return torch.where(spread > 0, (value - null.mean(dim=0)) / spread, torch.nan)


def _per_pair(value: Tensor, null: Tensor) -> Tensor:
    return null.view(-1, *[1] * value.ndim) if null.ndim == 1 else null
