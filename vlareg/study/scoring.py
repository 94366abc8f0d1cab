"""Score a policy's points against targets in one scope."""

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor

from vlareg.callbacks.readings import Readings
from vlareg.callbacks.representation import Representation
from vlareg.functional.checks import check_embeddings, check_k
from vlareg.functional.layer_null import layer_null
from vlareg.functional.layer_pairs import score_layers
from vlareg.functional.layers import Layers
from vlareg.functional.neighbours import Side
from vlareg.functional.resampling import half_scores
from vlareg.study.grid import Grid
from vlareg.study.scopes import Scope

SLOW_PERMUTATIONS = 50
"""Exchanges of episodes behind the chance of a metric without the fast table of `mutual_knn_null`."""


def score_grid(
    readings: Readings,
    scope: Scope,
    points: Sequence[Representation],
    targets: Sequence[Representation],
    k: int,
    metric: str = "mutual_knn",
) -> Grid:
    """Score every point against every target.

    Args:
        readings: Points and targets, read from the probe frames.
        scope: Samples and neighbours that count.
        points: The rows.
        targets: The columns.
        k: Number of neighbours.
        metric: A name of `vlareg.functional.layer_pairs.LAYER_METRICS`.

    Raises:
        ValueError: If `k` leaves nothing to choose, in all episodes or in half of them, or nothing can be compared.
    """
    check_k(k, len(scope.rows), scope.groups)
    reasons: dict[str, str] = {}
    x, y = _Items(points, readings, scope, reasons, k, "x"), _Items(targets, readings, scope, reasons, k, "y")
    if not x.names or not y.names:
        raise ValueError(f"Nothing can be compared in `{scope.name}`: {'; '.join(reasons.values())}")

    def scores(rows: Tensor) -> Tensor:
        return score_layers(metric, x.layers(rows), y.layers(rows)).double()

    unknown = torch.full((1, 2, len(x.names), len(y.names)), math.nan)
    halves = half_scores(scores, scope.halves) if len(scope.halves) else unknown
    counts = len(scope.rows), len(torch.unique(scope.episodes))
    everything = torch.arange(len(scope.rows))
    null = _null(metric, x, y, scope.permutations)
    return Grid(metric, x.names, y.names, k, *counts, scores(everything), null, halves, reasons)


def _parts(scope: Scope) -> list[Int[Tensor, "rows"]]:
    """Return the rows of all samples and of every half."""
    halves = [(row == half).nonzero().flatten() for row in scope.halves for half in (0, 1)]
    return [torch.arange(len(scope.rows)), *halves]


class _Items:
    """The points, or the targets, that can be compared in all samples and in every half; `reasons` says why not the rest."""

    def __init__(
        self,
        items: Sequence[Representation],
        readings: Readings,
        scope: Scope,
        reasons: dict[str, str],
        k: int,
        side: Side,
    ) -> None:
        self.k, self.side, self.groups = k, side, scope.groups
        parts, sound = _parts(scope), []
        for item in items:
            values = readings.values[item.name][scope.rows]
            try:
                for rows in parts:
                    check_embeddings(values[rows], item.name)
                    item.space.place(values[rows], item.name)
                sound.append((item, values))
            except ValueError as error:
                reasons[item.name] = str(error)
        self.names = [item.name for item, _ in sound]
        self.vectors, self.spaces = [values for _, values in sound], [item.space for item, _ in sound]

    def layers(self, rows: Int[Tensor, "rows"]) -> Layers:
        """Return some rows."""
        vectors = [values[rows] for values in self.vectors]
        return Layers(vectors, self.side, self.k, self.spaces, self.groups[rows])


def _null(
    metric: str, x: _Items, y: _Items, permutations: Int[Tensor, "permutations samples"]
) -> Float[Tensor, "draws points targets"]:
    """Score with whole episodes exchanged; these are equally long, so that groups stay as they are."""
    everything = torch.arange(permutations.shape[1])
    draws = permutations if metric == "mutual_knn" else permutations[:SLOW_PERMUTATIONS]
    return layer_null(metric, x.layers(everything), y.layers(everything), draws)
