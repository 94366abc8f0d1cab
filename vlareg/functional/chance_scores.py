"""Score two spaces by any metric, with whole episodes permuted and with halves of the episodes."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float, Int
from torch import Tensor

from vlareg.functional.chance import Score, against_chance
from vlareg.functional.chance_null import Metric, permutation_null
from vlareg.functional.permutations import episode_permutations
from vlareg.functional.resampling import MIN_EPISODES, episode_halves, half_scores, halves_interval


@dataclass(frozen=True)
class Resampling:
    """How chance and spread are estimated.

    Args:
        permutations: Number of permutations of whole episodes (>= 1); p is at least 1 / (permutations + 1).
        halves: Number of divisions into halves, each of which costs about half a score or less; 0 for no interval.
        seed: Determines both; the global random state is neither read nor changed.

    Raises:
        ValueError: If a number is out of range.
    """

    permutations: int = 200
    halves: int = 50
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what resamples nothing by mistake."""
        if self.permutations < 1 or self.halves < 0:
            raise ValueError(
                f"`permutations` must be >= 1 and `halves` >= 0, but got {self.permutations} and {self.halves}."
            )

    def orders(self, episodes: Int[Tensor, "samples"]) -> Int[Tensor, "permutations samples"]:
        """Return the permutations.

        Args:
            episodes: Episode of each sample.
        """
        return episode_permutations(episodes, self.permutations, self.seed)

    def interval(
        self,
        metric: Callable[[Int[Tensor, "rows"]], Tensor],
        value: Float[Tensor, "*pairs"],
        episodes: Int[Tensor, "samples"],
    ) -> tuple[Float[Tensor, "*pairs"], Float[Tensor, "*pairs"]]:
        """Return both ends of the 95 % interval; NaN with fewer than 6 episodes, or if none is wanted.

        Args:
            metric: Called with the rows of a half.
            value: Score of all samples.
            episodes: Episode of each sample.
        """
        count = len(torch.unique(episodes))
        if self.halves == 0 or count < MIN_EPISODES:
            return value * math.nan, value * math.nan
        return halves_interval(value, half_scores(metric, episode_halves(episodes, self.halves, self.seed)), count)


DEFAULT = Resampling()
"""200 permutations and 50 divisions."""


def score_metric(
    metric: Metric,
    episodes: Int[Tensor, "samples"],
    title: str,
    k: int | tuple[int, int] | None = None,
    best: float = 1.0,
    resampling: Resampling = DEFAULT,
) -> Score:
    """Score two spaces by a metric that runs once per permutation and half.

    One that compares many pairs of layers returns their maximum; its null is then the null of the maximum, with the
    same permutation in all layers.

    Args:
        metric: Called with rows of the first space and rows of the second, returns a 0-d tensor.
        episodes: Episode of each sample; `torch.arange(samples)` only where no time or scene connects samples.
        title: What is compared, and by which metric.
        k: Number of neighbours, for the name.
        best: Largest possible value.
        resampling: Numbers of permutations and halves.

    Returns:
        The score; chance, z and p are from the permutations.

    Raises:
        ValueError: If fewer than 4 episodes have a length that occurs, or a half cannot be scored.

    Example:
        >>> from vlareg.functional.cka import unbiased_cka
        >>> x, episodes = torch.randn(60, 8), torch.arange(60) // 5
        >>> y = x + torch.randn(60, 8)
        >>> score = score_metric(lambda i, j: unbiased_cka(x[i], y[j]), episodes, "noise/unbiased_cka")
        >>> score.name, score.p < 0.05, score.low < score.value < score.high
        ('noise/unbiased_cka_n60', True, True)
    """
    rows = torch.arange(len(episodes), device=episodes.device)
    value = metric(rows, rows)
    null = permutation_null(metric, resampling.orders(episodes))
    low, high = resampling.interval(lambda half: metric(half, half), value, episodes)
    numbers = (value, *against_chance(value, null), low, high)
    score = Score(title, k, len(episodes), len(torch.unique(episodes)), *map(float, numbers))
    return replace(score, best=best)
