"""Kernel alignment over all pairs of samples, over steps and ranks."""

from typing import Any, Literal

from torch import Tensor

from vlareg.functional.cka import cka, unbiased_cka
from vlareg.functional.kernels import KernelName
from vlareg.functional.space import RAW, Space
from vlareg.metrics.pairs import PairMetric
from vlareg.shapes import Scalar


class CKA(PairMetric):
    """Centred kernel alignment, in [0, 1], far above 0 for independent data of many dimensions; see `vlareg.functional.cka`.

    Episode ids change nothing but the null: every pair of samples counts.

    Args:
        kernel: "linear" or "rbf".
        sigma: Width of the Gaussian kernel (in the units of the vectors), or "median".
        space: Normalisation, or one for each side.
        kwargs: Further arguments of `torchmetrics.Metric`.

    Example:
        >>> import torch
        >>> metric, x = CKA(), torch.randn(32, 8)
        >>> metric.update(x, 2 * x)
        >>> round(float(metric.compute()), 4)
        1.0
    """

    name = "cka"

    def __init__(
        self,
        kernel: KernelName = "linear",
        sigma: float | Literal["median"] = 1.0,
        space: Space | tuple[Space, Space] = RAW,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.kernel, self.sigma, self.space = kernel, sigma, space

    def value(self, x: Tensor, y: Tensor, groups: Tensor | None = None) -> Scalar:
        """Return the score of two representations."""
        return cka(x, y, self.kernel, self.sigma, space=self.space)


class UnbiasedCKA(CKA):
    """Centred kernel alignment with the unbiased HSIC: 0 on average for independent data, at most 1; see
    `vlareg.functional.unbiased_cka`.

    Example:
        >>> import torch
        >>> metric, x = UnbiasedCKA(), torch.randn(32, 8)
        >>> metric.update(x, 2 * x)
        >>> round(float(metric.compute()), 4)
        1.0
    """

    name = "unbiased_cka"

    def value(self, x: Tensor, y: Tensor, groups: Tensor | None = None) -> Scalar:
        """Return the score of two representations."""
        return unbiased_cka(x, y, self.kernel, self.sigma, space=self.space)
