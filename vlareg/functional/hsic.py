"""HSIC: how two kernels vary together."""

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from vlareg.functional import neighbours
from vlareg.functional.kernels import Kernel
from vlareg.shapes import Scalar


class HSIC(NamedTuple):
    """HSIC of the layers of two sides.

    Args:
        cross: Of each layer of x with each of y.
        own_x: Of each layer of x with itself.
        own_y: Of each layer of y with itself.
    """

    cross: Float[Tensor, "layers_x layers_y"]
    own_x: Float[Tensor, "layers_x"]
    own_y: Float[Tensor, "layers_y"]


class KernelSums(NamedTuple):
    """What both estimates of HSIC need to know about the kernels of two sides (float64).

    Args:
        cross: Sums of products of the entries off the diagonal.
        own: Sums of squares of the entries off the diagonal, of the layers of x and then of y.
        rows: Sums of rows without the diagonal, likewise.
        diagonal: The diagonals, likewise.
    """

    cross: Float[Tensor, "layers_x layers_y"]
    own: Float[Tensor, "layers"]
    rows: Float[Tensor, "layers samples"]
    diagonal: Float[Tensor, "layers samples"]

    def hsic(self, unbiased: bool) -> HSIC:
        """Return an estimate.

        Args:
            unbiased: Which of the two.

        Reference:
            Song et al., "Feature Selection via Dependence Maximization", 2012, equations 4 (biased) and 5 (unbiased).
        """
        cross, own, rows, n = self.cross, self.own, self.rows, self.rows.shape[1]
        x, y = slice(len(cross)), slice(len(cross), None)
        if not unbiased:
            cross = cross + self.diagonal[x] @ self.diagonal[y].T
            own, rows = own + self.diagonal.square().sum(dim=1), rows + self.diagonal
        total = rows.sum(dim=1)
        return HSIC(
            _estimate(cross, total[x, None] * total[y], rows[x] @ rows[y].T, n, unbiased),
            *_estimate(own, total**2, rows.square().sum(dim=1), n, unbiased).tensor_split([len(cross)]),
        )


def kernel_sums(x: Sequence[Kernel], y: Sequence[Kernel]) -> KernelSums:
    """Sum over all pairs of layers, computing each kernel once, a tile at a time, and by symmetry only half of it.

    Args:
        x: Kernels of the first side's layers.
        y: Kernels of the second side's layers, over the same samples.
    """
    kernels, n, split = [*x, *y], len(x[0].keys), len(x)
    rows = torch.zeros(len(kernels), n, dtype=torch.float64, device=x[0].keys.device)
    cross, own, diagonal = rows.new_zeros(split, len(y)), rows.new_zeros(len(kernels)), torch.zeros_like(rows)
    for above, beside in _tiles(n, math.isqrt(neighbours.BLOCK_ELEMENTS // len(kernels))):
        tile = torch.stack([kernel.tile(above, beside) for kernel in kernels])
        if above == beside:
            diagonal[:, above] = tile.diagonal(dim1=1, dim2=2).double()
            tile.diagonal(dim1=1, dim2=2).zero_()
        else:
            rows[:, beside] += tile.sum(dim=1)
        rows[:, above] += tile.sum(dim=2)
        times, entries = 1 if above == beside else 2, tile.flatten(1)
        cross += times * (entries[:split] @ entries[split:].T)
        own += times * entries.norm(dim=1).double().square()
    return KernelSums(cross, own, rows, diagonal)


def _tiles(samples: int, width: int) -> Iterator[tuple[slice, slice]]:
    """Cut the upper triangle of all pairs of samples into squares, which fit on the diagonal."""
    width = max(1, width)
    parts = [slice(start, min(start + width, samples)) for start in range(0, samples, width)]
    return itertools.combinations_with_replacement(parts, 2)


def linear_hsic(x: Float[Tensor, "samples dim_x"], y: Float[Tensor, "samples dim_y"], unbiased: bool) -> Scalar:
    """Compare two linear kernels by products of columns, without forming a kernel.

    Args:
        x: Centred vectors, one per sample.
        y: Centred vectors, in the same order.
        unbiased: Use the unbiased estimate.
    """
    trace = torch.stack([(part.T @ y).square().sum() for part in torch.split(x, 512, dim=1)]).sum()
    if not unbiased:
        return trace
    # Rows of a centred kernel sum to zero; without the diagonal they sum to the diagonal's negative.
    diagonal_x, diagonal_y = x.square().sum(dim=1), y.square().sum(dim=1)
    both = diagonal_x @ diagonal_y
    return _estimate(trace - both, diagonal_x.sum() * diagonal_y.sum(), both, len(x), unbiased)


def _estimate(trace: Tensor, total: Tensor, row_product: Tensor, n: int, unbiased: bool) -> Tensor:
    """Combine tr(K L), 1'K1 1'L1 and 1'KL1, of kernels without diagonals if unbiased."""
    if unbiased:
        return (trace + total / ((n - 1) * (n - 2)) - 2 * row_product / (n - 2)) / (n * (n - 3))
    return trace - 2 * row_product / n + total / n**2
