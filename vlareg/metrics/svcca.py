"""Alignment of leading directions, over steps and ranks."""

from typing import Any

from torch import Tensor

from vlareg.functional.space import RAW, Space
from vlareg.functional.svcca import Summary, svcca
from vlareg.metrics.pairs import PairMetric
from vlareg.shapes import Scalar


class SVCCA(PairMetric):
    """Mean canonical correlation of the leading principal directions, in [0, 1]; see `vlareg.functional.svcca`.

    Args:
        dim: Directions kept per side.
        summary: "squared" for the mean of squared correlations, or "mean" for the mean.
        space: Normalisation, or one for each side.
        kwargs: Further arguments of `torchmetrics.Metric`.

    Example:
        >>> import torch
        >>> metric, x = SVCCA(dim=5), torch.randn(32, 8)
        >>> metric.update(x, 2 * x)
        >>> round(float(metric.compute()), 4)
        1.0
    """

    name = "svcca"

    def __init__(
        self,
        dim: int = 10,
        summary: Summary = "squared",
        space: Space | tuple[Space, Space] = RAW,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.dim, self.summary, self.space = dim, summary, space

    def value(self, x: Tensor, y: Tensor, groups: Tensor | None = None) -> Scalar:
        """Return the score of two representations."""
        return svcca(x, y, self.dim, summary=self.summary, space=self.space)
