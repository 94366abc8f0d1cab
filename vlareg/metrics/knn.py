"""Agreement of neighbours, over steps and ranks."""

from collections.abc import Callable
from typing import Any, ClassVar

from torch import Tensor

from vlareg.functional.knn import cycle_knn, edit_distance_knn, lcs_knn, mutual_knn
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
        self.k, self.space = k, space

    def value(self, x: Tensor, y: Tensor, groups: Tensor | None = None) -> Scalar:
        """Return the score of two representations."""
        return type(self).function(x, y, self.k, space=self.space, groups=groups)


class MutualKNN(NeighbourMetric):
    """Share of the k nearest neighbours that two spaces have in common, in [0, 1]; see `vlareg.functional.mutual_knn`.

    Example:
        >>> import torch
        >>> metric, x = MutualKNN(k=5), torch.randn(32, 8)
        >>> metric.update(x, x)
        >>> float(metric.compute())
        1.0
    """

    function = staticmethod(mutual_knn)


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

    function = staticmethod(edit_distance_knn)
