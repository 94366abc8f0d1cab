"""Kernel alignment over shared neighbours, over steps and ranks."""

from typing import Any

from torch import Tensor

from vlareg.functional.alignment import cknna
from vlareg.metrics.pairs import PairMetric


class CKNNA(PairMetric):
    """Centred kernel nearest-neighbour alignment (dimensionless, about 0 by chance, 1 on itself); see
    `vlareg.functional.cknna`.

    Args:
        k: Number of neighbours (at least 2).
        unbiased: Use the unbiased HSIC.
        kwargs: Further arguments of `torchmetrics.Metric`.

    Example:
        >>> import torch
        >>> metric, x = CKNNA(k=5), torch.randn(32, 8)
        >>> metric.update(x, x)
        >>> round(float(metric.compute()), 4)
        1.0
    """

    def __init__(self, k: int = 10, unbiased: bool = True, **kwargs: Any) -> None:
        super().__init__(k, **kwargs)
        self.unbiased = unbiased

    def compute(self) -> Tensor:
        """Return the score over all samples."""
        x, y, groups = self.collected()
        return cknna(x, y, self.k, self.unbiased, groups=groups)
