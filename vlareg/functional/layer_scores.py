"""Scores of every pair of layers beside what chance gives, for each pair and for the best of all."""

from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from vlareg.functional.chance import Score, against_chance, p_value
from vlareg.functional.chance_scores import Resampling
from vlareg.functional.layer_null import layer_null
from vlareg.functional.layer_pairs import LISTS, LOCAL, score_layers
from vlareg.functional.layers import Layers

Matrix = Float[Tensor, "layers_x layers_y"]

WITHOUT_INTERVALS = Resampling(halves=0)
"""200 permutations; intervals cost some thirty times as much as the scores."""


@dataclass(frozen=True)
class LayerScores:
    """Scores of every layer of one side against every layer of the other (float64).

    Args:
        best: The largest score, beside the null of the largest score, with the same permutation in all layers.
        value: The scores.
        chance: Their means when whole episodes are permuted.
        z: (value - chance) / standard deviation when whole episodes are permuted.
        p: Probability of at least this value by chance, for a pair that was chosen beforehand.
        p_best: Probability that the best of all pairs has at least this value by chance: for pairs found by looking at all.
        low: Lower ends of 95 % intervals; NaN where none was asked for.
        high: Upper ends.
    """

    best: Score
    value: Matrix
    chance: Matrix
    z: Matrix
    p: Matrix
    p_best: Matrix
    low: Matrix
    high: Matrix

    @property
    def calibrated(self) -> Matrix:
        """Return (value - chance) / (largest possible value - chance): 0 by chance, 1 for perfect agreement."""
        return (self.value - self.chance) / (self.best.best - self.chance)

    @property
    def name(self) -> str:
        """Return the metric with k and N: a score of other numbers is another score."""
        return self.best.name


def score_with_chance(
    metric: str, x: Layers, y: Layers, resampling: Resampling = WITHOUT_INTERVALS, title: str | None = None
) -> LayerScores:
    """Score every pair of layers, and say what chance gives.

    Args:
        metric: A name in `vlareg.functional.layer_pairs.LAYER_METRICS`.
        x: One side.
        y: The other side, with the same groups.
        resampling: Numbers of permutations and halves.
        title: What is compared, and by which metric; the metric's name by default.

    Returns:
        The scores, by permutations of the groups, the episodes.

    Raises:
        ValueError: If there are no groups, or too few of a length, or what `score_layers` refuses.

    Example:
        >>> x, episodes = torch.randn(60, 8), torch.arange(60) // 5
        >>> sides = Layers([x, torch.randn(60, 8)], "x", groups=episodes), Layers([x], "y", groups=episodes)
        >>> scores = score_with_chance("mutual_knn", *sides)
        >>> scores.name, float(scores.value[0, 0]), bool(scores.p_best[0, 0] < 0.01 < scores.p_best[1, 0])
        ('mutual_knn_k10_n60', 1.0, True)
    """
    if x.groups is None:
        raise ValueError(
            "`groups` must be given for a null: the episode of each sample, or `torch.arange(samples)` only where no time or "
            "scene connects samples."
        )
    value = score_layers(metric, x, y).double()
    observed, null = _and_best(value), _and_best(layer_null(metric, x, y, resampling.orders(x.groups)))
    chance, z, p = against_chance(observed, null)
    low, high = resampling.interval(
        lambda rows: _and_best(score_layers(metric, x.subset(rows), y.subset(rows))), observed, x.groups
    )
    known = chance, z, p, p_value(observed, null[:, -1]), low, high
    numbers = (float(part[-1]) for part in (observed, chance, z, p, low, high))
    best = Score(title or metric, _k(metric, x, y), x.samples, len(torch.unique(x.groups)), *numbers)
    if metric == "lcs_knn":
        best = replace(best, best=min(x.k, y.k))
    return LayerScores(best, value, *(part[:-1].view_as(value) for part in known))


def _and_best(scores: Float[Tensor, "*batch layers_x layers_y"]) -> Float[Tensor, "*batch pairs_and_best"]:
    """Return the scores of all pairs in a row, and their maximum as if it were one more pair."""
    return torch.cat([scores.flatten(-2), scores.amax(dim=(-2, -1)).unsqueeze(-1)], dim=-1)


def _k(metric: str, x: Layers, y: Layers) -> int | tuple[int, int] | None:
    """Return the number of neighbours as it stands in a score's name."""
    if metric not in LISTS and metric not in LOCAL:
        return None
    return x.k if x.k == y.k else (x.k, y.k)
