"""Kernels over all samples, a tile at a time."""

from typing import Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from vlareg.shapes import Embeddings

KernelName = Literal["linear", "rbf"]

MEDIAN_SAMPLES = 1000
"""Samples, evenly strided, between which the median distance is taken."""


class Kernel(NamedTuple):
    """A kernel over all samples.

    Args:
        keys: Centred vectors.
        sigma: Width of the Gaussian kernel (in the units of the vectors), None for the linear kernel.
    """

    keys: Embeddings
    sigma: float | None

    def tile(self, rows: slice, columns: slice) -> Float[Tensor, "rows columns"]:
        r"""Return a part of the kernel: $x_i \cdot x_j$, or $\exp(-|x_i - x_j|^2 / 2\sigma^2)$."""
        a, b = self.keys[rows], self.keys[columns]
        if self.sigma is None:
            return a @ b.T
        distance = (a.square().sum(dim=1)[:, None] + b.square().sum(dim=1) - 2 * a @ b.T).clamp_(min=0)
        if rows == columns:
            distance.fill_diagonal_(0)
        return distance.div_(-2 * self.sigma**2).exp_()


def make_kernel(keys: Embeddings, kernel: KernelName, sigma: float | Literal["median"]) -> Kernel:
    """Return a kernel over all samples.

    Args:
        keys: One vector per sample.
        kernel: "linear" or "rbf".
        sigma: Width of the Gaussian kernel (in the units of the vectors), or "median": the median distance.

    Raises:
        ValueError: If a name is unknown, or the width is not positive.
    """
    if kernel not in ("linear", "rbf"):
        raise ValueError(f"`kernel` must be 'linear' or 'rbf', but got {kernel!r}.")
    keys = keys - keys.mean(dim=0)
    if kernel == "linear":
        # No score depends on a linear kernel's scale, but squares of its entries could overflow.
        return Kernel(keys / keys.abs().max(), None)
    if sigma == "median":
        sigma = float(torch.pdist(keys[:: -(-len(keys) // MEDIAN_SAMPLES)]).median())
    if isinstance(sigma, str) or not sigma > 0:
        raise ValueError(f"`sigma` must be > 0 or 'median', but got {sigma!r}.")
    return Kernel(keys, float(sigma))
