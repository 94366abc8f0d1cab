"""The k nearest neighbours of every sample, without an N x N matrix."""

from typing import Literal, NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from vlareg.functional.precision import at_least_float32, full_precision
from vlareg.shapes import Embeddings

Distance = Literal["inner", "euclidean"]

BLOCK_ELEMENTS = 4_000_000
"""Similarities held at a time (16 MB in float32)."""


class Neighbours(NamedTuple):
    """Neighbours of every sample, nearest first.

    Args:
        indices: Rows of the neighbours.
        similarity: Inner products, or negative squared Euclidean distances.
    """

    indices: Int[Tensor, "samples k"]
    similarity: Float[Tensor, "samples k"]


def nearest_neighbours(
    x: Embeddings,
    k: int,
    *,
    distance: Distance = "inner",
    groups: Int[Tensor, "samples"] | None = None,
    include_self: bool = False,
) -> Neighbours:
    """Find the k nearest neighbours of every row among the other rows.

    Nothing is normalised: centre, standardise or L2-normalise `x` first where that is meant. The arithmetic is float32
    (float64 for float64 input) and exact; equal similarities are ordered arbitrarily.

    Args:
        x: One vector per sample.
        k: Number of neighbours; fewer than there are candidates, since otherwise everybody is a neighbour.
        distance: "inner" (largest inner product) or "euclidean" (smallest distance).
        groups: Episode of each sample. Neighbours then come from other episodes only: frames of one episode resemble
            each other because of time, in any two spaces.
        include_self: Let a sample be its own neighbour (not with `groups`).

    Returns:
        Indices and similarities.

    Raises:
        ValueError: If `x` holds NaN or infinity or is constant, or `k` is out of range.

    Example:
        >>> x = torch.tensor([[0.0], [1.0], [3.0], [7.0]])
        >>> nearest_neighbours(x, k=1, distance="euclidean").indices.flatten().tolist()
        [1, 0, 1, 2]
    """
    check_embeddings(x, "x")
    check_k(k, len(x), groups, include_self)
    if distance not in ("inner", "euclidean"):
        raise ValueError(f"`distance` must be 'inner' or 'euclidean', but got {distance!r}.")
    with torch.no_grad(), full_precision(x):
        x = at_least_float32(x)
        keys = x - x.mean(dim=0) if distance == "euclidean" else x
        offset = keys.square().sum(dim=1) if distance == "euclidean" else None
        rows = max(1, BLOCK_ELEMENTS // len(x))
        blocks = [_block(keys, slice(i, i + rows), k, offset, groups, include_self) for i in range(0, len(x), rows)]
    return Neighbours(torch.cat([b.indices for b in blocks]), torch.cat([b.similarity for b in blocks]))


def _block(
    keys: Tensor, rows: slice, k: int, offset: Tensor | None, groups: Tensor | None, include_self: bool
) -> Neighbours:
    similarity = keys[rows] @ keys.T
    if offset is not None:
        similarity = 2 * similarity - offset - offset[rows, None]
    if groups is not None:
        similarity.masked_fill_(groups[rows, None] == groups, -torch.inf)
    elif not include_self:
        similarity.diagonal(rows.start).fill_(-torch.inf)
    values, indices = similarity.topk(k, dim=1)
    return Neighbours(indices, values)


def check_embeddings(x: Tensor, name: str) -> None:
    """Refuse what has no meaningful neighbours.

    Args:
        x: One vector per sample.
        name: The argument's name, for the message.

    Raises:
        ValueError: If `x` is not a float matrix, is not finite, or has equal rows only.
    """
    if x.ndim != 2 or not x.is_floating_point():
        raise ValueError(f"`{name}` must be a float tensor [samples, dim], but got {x.dtype} {list(x.shape)}.")
    if not x.isfinite().all():
        rows = (~x.isfinite().all(dim=1)).nonzero().flatten().tolist()
        raise ValueError(
            f"`{name}` holds NaN or infinity in {len(rows)} of {len(x)} rows, the first of them row {rows[0]}."
        )
    if len(x) > 1 and bool((x == x[0]).all()):
        raise ValueError(f"`{name}` is constant: all {len(x)} rows are equal, so its neighbours are arbitrary.")


def check_pair(x: Tensor, y: Tensor) -> None:
    """Refuse two spaces that are not two views of the same samples.

    Args:
        x: One vector per sample.
        y: One vector per sample, in the same order.

    Raises:
        ValueError: If the numbers of samples differ, or a side has no meaningful neighbours.
    """
    check_embeddings(x, "x")
    check_embeddings(y, "y")
    if len(x) != len(y):
        raise ValueError(f"`x` and `y` must hold the same samples, but have {len(x)} and {len(y)} rows.")


def check_k(k: int, samples: int, groups: Tensor | None = None, include_self: bool = False) -> None:
    """Refuse a k for which everybody is a neighbour.

    Args:
        k: Number of neighbours.
        samples: Number of samples.
        groups: Episode of each sample.
        include_self: Whether a sample may be its own neighbour.

    Raises:
        ValueError: If `k` is not in 1 .. candidates - 1, or `groups` does not fit.
    """
    if groups is not None and include_self:
        raise ValueError(
            "`include_self` has no meaning with `groups`: a sample is never from another episode than itself."
        )
    if groups is not None and groups.shape != (samples,):
        raise ValueError(f"`groups` must be one id per sample, [{samples}], but is {list(groups.shape)}.")
    largest = int(torch.unique(groups, return_counts=True)[1].max()) if groups is not None else 1
    candidates = samples if include_self else samples - largest
    if not 1 <= k < candidates:
        of = "other episodes" if groups is not None else "other samples"
        raise ValueError(f"`k` must be in 1..{candidates - 1} ({candidates} candidates among {of}), but got {k}.")
