"""What a rotation of one space into the other achieves on other episodes, over steps and ranks."""

from typing import Any, Literal

from torch import Tensor

from vlareg.functional.procrustes import procrustes
from vlareg.functional.retrieval import precision_at_k
from vlareg.functional.space import RAW, Space
from vlareg.metrics.pairs import PairMetric
from vlareg.shapes import Scalar


class PrecisionAtK(PairMetric):
    """Share of samples whose partner is among the k nearest after a map fitted on other episodes, in [0, 1]; see
    `vlareg.functional.precision_at_k`. It needs episode ids.

    Args:
        k: Number of nearest vectors among which the partner may be.
        folds: Parts that the episodes are dealt to.
        space: Normalisation, or one for each side.
        kwargs: Further arguments of `torchmetrics.Metric`.

    Raises:
        ValueError: If `k` is below 1 or `folds` below 2.

    Example:
        >>> import torch
        >>> metric, x = PrecisionAtK(k=1), torch.randn(60, 4)
        >>> metric.update(x, 2 * x.flip(1), episode_ids=torch.arange(60) // 6)
        >>> float(metric.compute())
        1.0
    """

    name = "precision_at_k"

    def __init__(self, k: int = 10, folds: int = 5, space: Space | tuple[Space, Space] = RAW, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if k < 1 or folds < 2:
            raise ValueError(f"`k` must be >= 1 and `folds` >= 2, but got {k} and {folds}.")
        self.k: int = k
        self.folds, self.space = folds, space

    def value(self, x: Tensor, y: Tensor, groups: Tensor | None = None) -> Scalar:
        """Return the score of two representations."""
        if groups is None:
            raise ValueError("`episode_ids` must be given: the map is fitted on other episodes than it is scored on.")
        return precision_at_k(x, y, self.k, groups=groups, folds=self.folds, space=self.space)


class ProcrustesDisparity(PairMetric):
    """What is left of y after the best rotation of x is subtracted, 0 for equal shapes; see `vlareg.functional.procrustes`.

    Lower is better. It needs episode ids unless in sample.

    Args:
        fit: "held_out" (the map is fitted on other episodes) or "in_sample".
        folds: Parts that the episodes are dealt to.
        space: Normalisation, or one for each side.
        kwargs: Further arguments of `torchmetrics.Metric`.

    Example:
        >>> import torch
        >>> metric, x = ProcrustesDisparity(), torch.randn(60, 4)
        >>> metric.update(x, 2 * x.flip(1), episode_ids=torch.arange(60) // 6)
        >>> float(metric.compute()) < 1e-5
        True
    """

    higher_is_better = False
    name = "procrustes"

    def __init__(
        self,
        fit: Literal["held_out", "in_sample"] = "held_out",
        folds: int = 5,
        space: Space | tuple[Space, Space] = RAW,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.fit: Literal["held_out", "in_sample"] = fit
        self.folds, self.space = folds, space

    def value(self, x: Tensor, y: Tensor, groups: Tensor | None = None) -> Scalar:
        """Return the disparity of two representations."""
        return procrustes(x, y, groups=groups, fit=self.fit, folds=self.folds, space=self.space)
