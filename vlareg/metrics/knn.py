"""Agreement of neighbours, over steps and ranks."""

from collections.abc import Callable
from typing import Any, ClassVar

from torch import Tensor

from vlareg.functional.chance import Score
from vlareg.functional.chance_neighbours import PairSearch, score_mutual_knn
from vlareg.functional.chance_scores import Resampling
from vlareg.functional.knn import cycle_knn, edit_distance_knn, lcs_knn, mutual_knn
from vlareg.functional.layer_scores import score_with_chance
from vlareg.functional.layers import Layers
from vlareg.functional.neighbours import nearest_neighbours
from vlareg.functional.space import RAW, Space, per_side
from vlareg.metrics.pairs import PairMetric
from vlareg.shapes import Scalar


class NeighbourMetric(PairMetric):
    """A score of two spaces by the neighbours of their samples.

    Args:
        k: Number of neighbours, or one for each side.
        space: Normalisation and distance, or one for each side: `(FEATURES, ACTIONS)`.
        kwargs: Further arguments of `torchmetrics.Metric`.

    Raises:
        ValueError: If `k` is below 1.
    """

    function: ClassVar[Callable[..., Scalar]]

    def __init__(self, k: int | tuple[int, int] = 10, space: Space | tuple[Space, Space] = RAW, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if min(per_side(k)) < 1:
            raise ValueError(f"`k` must be >= 1, but got {k}.")
        self.k: int | tuple[int, int] = k
        self.space = space

    def value(self, x: Tensor, y: Tensor, groups: Tensor | None = None) -> Scalar:
        """Return the score of two representations."""
        return type(self).function(x, y, self.k, space=self.space, groups=groups)

    def score_pair(self, x: Tensor, y: Tensor, groups: Tensor, title: str, resampling: Resampling) -> Score:
        """Return the score of two representations with chance, by renaming the neighbours in each permutation."""
        (k_x, k_y), (space_x, space_y) = per_side(self.k), per_side(self.space)
        sides = Layers([x], "x", k_x, space_x, groups), Layers([y], "y", k_y, space_y, groups)
        return score_with_chance(self.name, *sides, resampling, title).best


class MutualKNN(NeighbourMetric):
    """Share of the k nearest neighbours that two spaces have in common, in [0, 1]; see `vlareg.functional.mutual_knn`.

    Example:
        >>> import torch
        >>> metric, x = MutualKNN(k=5), torch.randn(32, 8)
        >>> metric.update(x, x)
        >>> float(metric.compute())
        1.0
    """

    name = "mutual_knn"
    function = staticmethod(mutual_knn)

    def score_pair(self, x: Tensor, y: Tensor, groups: Tensor, title: str, resampling: Resampling) -> Score:
        """Return the score of two representations with chance, exact where each sample is an episode of its own."""
        (k_x, k_y), (space_x, space_y) = per_side(self.k), per_side(self.space)

        def near_x(rows: Tensor) -> Tensor:
            return nearest_neighbours(x[rows], k_x, space=space_x, groups=groups[rows], side="x").indices

        def near_y(rows: Tensor) -> Tensor:
            return nearest_neighbours(y[rows], k_y, space=space_y, groups=groups[rows], side="y").indices

        return score_mutual_knn(PairSearch(near_x, near_y, groups), title, resampling)


class CycleKNN(NeighbourMetric):
    """Share of samples that a step to a neighbour in y and one in x can return to, in [0, 1]; see
    `vlareg.functional.cycle_knn`.

    Example:
        >>> import torch
        >>> metric, x = CycleKNN(k=1, space=Space("euclidean")), torch.tensor([[0.0], [1.0], [5.0], [6.0]])
        >>> metric.update(x, x)
        >>> float(metric.compute())
        1.0
    """

    name = "cycle_knn"
    function = staticmethod(cycle_knn)


class LCSKNN(NeighbourMetric):
    """Mean number of neighbours that two spaces have in common in the same order, 0 to k; see `vlareg.functional.lcs_knn`.

    Example:
        >>> import torch
        >>> metric, x = LCSKNN(k=5), torch.randn(32, 8)
        >>> metric.update(x, x)
        >>> float(metric.compute())
        5.0
    """

    name = "lcs_knn"
    function = staticmethod(lcs_knn)


class EditDistanceKNN(NeighbourMetric):
    """1 - mean Levenshtein distance of the lists of neighbours / k, in [0, 1]; see `vlareg.functional.edit_distance_knn`.

    Example:
        >>> import torch
        >>> metric, x = EditDistanceKNN(k=5), torch.randn(32, 8)
        >>> metric.update(x, x)
        >>> float(metric.compute())
        1.0
    """

    name = "edit_distance_knn"
    function = staticmethod(edit_distance_knn)
