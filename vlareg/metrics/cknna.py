"""Kernel alignment over shared neighbours, over steps and ranks."""

from typing import Any

from torch import Tensor

from vlareg.functional.chance import Score
from vlareg.functional.chance_scores import Resampling
from vlareg.functional.cknna import Variant, cknna
from vlareg.functional.space import RAW, Space
from vlareg.metrics.knn import NeighbourMetric
from vlareg.shapes import Scalar


class CKNNA(NeighbourMetric):
    """Centred kernel nearest-neighbour alignment (dimensionless, about 0 by chance, 1 on itself); see
    `vlareg.functional.cknna`.

    Args:
        k: Number of neighbours (at least 2), or one for each side.
        unbiased: Use the unbiased HSIC.
        variant: "reference" or "paper".
        space: Normalisation and distance, or one for each side.
        kwargs: Further arguments of `torchmetrics.Metric`.

    Example:
        >>> import torch
        >>> metric, x = CKNNA(k=5), torch.randn(32, 8)
        >>> metric.update(x, x)
        >>> round(float(metric.compute()), 4)
        1.0
    """

    def __init__(
        self,
        k: int | tuple[int, int] = 10,
        unbiased: bool = True,
        variant: Variant = "reference",
        space: Space | tuple[Space, Space] = RAW,
        **kwargs: Any,
    ) -> None:
        super().__init__(k, space, **kwargs)
        self.unbiased, self.variant = unbiased, variant
        self.name = "cknna" if variant == "reference" else "cknna_paper"

    def value(self, x: Tensor, y: Tensor, groups: Tensor | None = None) -> Scalar:
        """Return the score of two representations."""
        return cknna(x, y, self.k, self.unbiased, self.variant, space=self.space, groups=groups)

    def score_pair(self, x: Tensor, y: Tensor, groups: Tensor, title: str, resampling: Resampling) -> Score:
        """Return the score of two representations with chance.

        Raises:
            ValueError: With the biased estimate, for which a sample is its own neighbour and no other episode.
        """
        if not self.unbiased:
            raise ValueError("`unbiased` must be True for chance by episodes, but is False.")
        return super().score_pair(x, y, groups, title, resampling)
