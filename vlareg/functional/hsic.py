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


def hsic(x: Sequence[Kernel], y: Sequence[Kernel], unbiased: bool) -> HSIC:
    """Compare all pairs of layers, computing each kernel once, a tile at a time, and by symmetry only half of it.

    Args:
        x: Kernels of the first side's layers.
        y: Kernels of the second side's layers, over the same samples.
        unbiased: Use the unbiased estimate.

    Reference:
        Song et al., "Feature Selection via Dependence Maximization", 2012, equations 4 (biased) and 5 (unbiased).
    """
    kernels, n, split = [*x, *y], len(x[0].keys), len(x)
    row = torch.zeros(len(kernels), n, dtype=torch.float64, device=x[0].keys.device)
    trace, own = row.new_zeros(split, len(y)), row.new_zeros(len(kernels))
    for rows, columns in _tiles(n, max(1, math.isqrt(neighbours.BLOCK_ELEMENTS // len(kernels)))):
        tile = torch.stack([kernel.tile(rows, columns) for kernel in kernels])
        if unbiased and rows == columns:
            tile.diagonal(dim1=1, dim2=2).zero_()
        row[:, rows] += tile.sum(dim=2)
        if rows != columns:
            row[:, columns] += tile.sum(dim=1)
        times, entries = 1 if rows == columns else 2, tile.flatten(1)
        trace += times * (entries[:split] @ entries[split:].T)
        own += times * entries.norm(dim=1).double().square()
    total, of_x, of_y = row.sum(dim=1), slice(split), slice(split, None)
    return HSIC(
        _estimate(trace, total[of_x, None] * total[of_y], row[of_x] @ row[of_y].T, n, unbiased),
        *_estimate(own, total**2, row.square().sum(dim=1), n, unbiased).tensor_split([split]),
    )


def _tiles(samples: int, width: int) -> Iterator[tuple[slice, slice]]:
    """Cut the upper triangle of a square of all pairs of samples into squares."""
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
