"""Score two spaces by their lists of neighbours, which only change their names when episodes are permuted."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from jaxtyping import Int
from torch import Tensor

from vlareg.functional.chance import Score, against_chance
from vlareg.functional.chance_moments import mutual_knn_moments
from vlareg.functional.chance_null import mutual_knn_null, permutation_null, permuted_neighbours
from vlareg.functional.chance_scores import DEFAULT, Resampling
from vlareg.functional.neighbour_lists import Agreement

Search = Callable[[Int[Tensor, "rows"]], Int[Tensor, "*layers rows k"]]
"""Finds the neighbours of some rows of a space among themselves, as positions in `rows`:
`lambda rows: nearest_neighbours(x[rows], k, groups=episodes[rows]).indices`; several layers along a leading axis."""


@dataclass(frozen=True)
class PairSearch:
    """How neighbours are found in two spaces, in all samples or some.

    Args:
        x: Finds neighbours in the first space, from other episodes only.
        y: Finds neighbours in the second space.
        episodes: Episode of each sample; `torch.arange(samples)` only where no time or scene connects samples.
    """

    x: Search
    y: Search
    episodes: Int[Tensor, "samples"]

    @property
    def rows(self) -> Int[Tensor, "samples"]:
        """Return all rows."""
        return torch.arange(len(self.episodes), device=self.episodes.device)

    def within(self, rows: Int[Tensor, "rows"]) -> tuple[Tensor, Tensor]:
        """Return the neighbours of some rows among themselves, with layers as the first axis.

        Args:
            rows: Rows of all samples.

        Raises:
            ValueError: If a neighbour is of the sample's own episode.
        """
        x, y = (self._checked(search(rows), self.episodes[rows]) for search in (self.x, self.y))
        return x, y

    def _checked(self, indices: Tensor, episodes: Tensor) -> Tensor:
        own = int((episodes[indices] == episodes[:, None]).sum())
        if own > 0:
            raise ValueError(
                f"{own} of {indices.numel()} neighbours are of the sample's own episode, whose frames resemble each other"
                " in any two spaces: search with `groups=episodes[rows]`."
            )
        return indices if indices.ndim == 3 else indices[None]


def score_neighbours(
    agreement: Callable[[Tensor, Tensor], Agreement],
    search: PairSearch,
    title: str,
    best: float = 1.0,
    resampling: Resampling = DEFAULT,
) -> Score:
    """Score two spaces by any agreement of lists of neighbours; of several layers, by the pair that agrees best.

    Args:
        agreement: Of `vlareg.functional.neighbour_lists`, such as `returns`.
        search: Finds neighbours, from other episodes only.
        title: What is compared, and by which metric.
        best: Largest possible value; k for `common_length`.
        resampling: Numbers of permutations and halves.

    Returns:
        The score; chance, z and p are from the permutations, and from the pair that agrees best in each.

    Raises:
        ValueError: If a neighbour is of the sample's own episode, fewer than 4 episodes have a length that occurs, or a
            half cannot be scored.

    Example:
        >>> from vlareg.functional.neighbour_lists import common_length
        >>> from vlareg.functional.neighbours import nearest_neighbours
        >>> x, episodes = torch.randn(60, 8), torch.arange(60) // 5
        >>> side = lambda rows: nearest_neighbours(x[rows], 10, groups=episodes[rows]).indices
        >>> score = score_neighbours(common_length, PairSearch(side, side, episodes), "itself/lcs_knn", best=10.0)
        >>> score.value, score.calibrated
        (10.0, 1.0)
    """

    def agree(x: Tensor, y: Tensor) -> Tensor:
        return agreement(x[:, None], y[None]).double().mean(dim=-1).amax()

    x, y = search.within(search.rows)
    null = permutation_null(
        lambda _, order: agree(x, permuted_neighbours(y, order)), resampling.orders(search.episodes)
    )
    return replace(_score(title, (x, y), agree, null, search, resampling), best=best)


def score_mutual_knn(
    search: PairSearch,
    title: str,
    resampling: Resampling = DEFAULT,
) -> Score:
    """Score two spaces by the share of neighbours that they have in common; of several layers, by the pair with most.

    As `score_neighbours` with `shared_share`, but with the fast null, and with exact chance and z where these are known:
    for one pair and samples that are independent of one another, by `mutual_knn_moments`.

    Args:
        search: Finds neighbours, from other episodes only.
        title: What is compared, and by which metric.
        resampling: Numbers of permutations and halves.

    Returns:
        The score.

    Raises:
        ValueError: If a neighbour is of the sample's own episode, fewer than 4 episodes have a length that occurs, or a
            half cannot be scored.

    Example:
        >>> from vlareg.functional.neighbours import nearest_neighbours
        >>> x, episodes = torch.randn(60, 8), torch.arange(60) // 5
        >>> side = lambda rows: nearest_neighbours(x[rows], 10, groups=episodes[rows]).indices
        >>> score = score_mutual_knn(PairSearch(side, side, episodes), "itself/mutual_knn")
        >>> score.name, score.calibrated, score.p < 0.01
        ('itself/mutual_knn_k10_n60', 1.0, True)
    """

    def best_share(x: Tensor, y: Tensor) -> Tensor:
        same = torch.arange(x.shape[1], device=x.device)
        return mutual_knn_null(x, y, same[None]).amax()

    x, y = search.within(search.rows)
    null = mutual_knn_null(x, y, resampling.orders(search.episodes)).flatten(1).amax(dim=1)
    score = _score(title, (x, y), best_share, null, search, resampling)
    if len(x) * len(y) > 1 or score.episodes < score.samples:
        return score
    chance, variance = mutual_knn_moments(x[0], y[0])
    return replace(score, chance=chance, z=(score.value - chance) / variance**0.5 if variance > 0 else math.nan)


def _score(
    title: str,
    near: tuple[Tensor, Tensor],
    metric: Callable[[Tensor, Tensor], Tensor],
    null: Tensor,
    search: PairSearch,
    resampling: Resampling,
) -> Score:
    """Put the metric of both sides' neighbours beside its null, and its interval around it."""
    value, k = metric(*near), (near[0].shape[-1], near[1].shape[-1])
    low, high = resampling.interval(lambda half: metric(*search.within(half)), value, search.episodes)
    numbers = (value, *against_chance(value, null), low, high)
    count = len(torch.unique(search.episodes))
    return Score(title, k[0] if k[0] == k[1] else k, len(search.episodes), count, *map(float, numbers))
