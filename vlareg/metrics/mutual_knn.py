"""Shared neighbours, over steps and ranks."""

from typing import Any

from torch import Tensor

from vlareg.functional.alignment import mutual_knn
from vlareg.functional.neighbours import Distance
from vlareg.metrics.pairs import PairMetric


class MutualKNN(PairMetric):
    """Share of the k nearest neighbours that two spaces have in common, in [0, 1]; see `vlareg.functional.mutual_knn`.

    Args:
        k: Number of neighbours.
        distance_x: Similarity in the first space, "inner" or "euclidean".
        distance_y: Similarity in the second space.
        kwargs: Further arguments of `torchmetrics.Metric`.

    Example:
        >>> import torch
        >>> metric, x = MutualKNN(k=5), torch.randn(32, 8)
        >>> metric.update(x, x)
        >>> float(metric.compute())
        1.0
    """

    def __init__(
        self, k: int = 10, distance_x: Distance = "inner", distance_y: Distance = "inner", **kwargs: Any
    ) -> None:
        super().__init__(k, **kwargs)
        self.distance_x: Distance = distance_x
        self.distance_y: Distance = distance_y

    def compute(self) -> Tensor:
        """Return the score over all samples."""
        x, y, groups = self.collected()
        return mutual_knn(x, y, self.k, distance_x=self.distance_x, distance_y=self.distance_y, groups=groups)
