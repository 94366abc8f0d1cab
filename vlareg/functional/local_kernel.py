"""A kernel's entries between neighbours, and sums over those that two spaces share."""

from typing import Literal, NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F

from vlareg.functional.neighbours import Neighbours
from vlareg.functional.space import Space
from vlareg.shapes import Embeddings

Estimate = Literal["unbiased", "biased", "paper"]


class LocalKernel(NamedTuple):
    """The entries K_ij of a symmetric kernel with j among the neighbours of i.

    Leading axes broadcast. The samples are the last axis, so that each place among the neighbours is one vector. Places are
    counted from 1; at place 0, nobody's, entries are 0.

    Args:
        indices: Rows j of the neighbours.
        weights: K_ij.
        mutual: K_ij where i is among the neighbours of j too, else 0.
    """

    indices: Int[Tensor, "*batch k samples"]
    weights: Float[Tensor, "*batch places samples"]
    mutual: Float[Tensor, "*batch places samples"]


def local_kernel(x: Embeddings, near: Neighbours, space: Space, row_centred: bool) -> LocalKernel:
    """Return the inner products of neighbours in a space.

    Args:
        x: One vector per sample.
        near: Their neighbours in the space.
        space: Normalisation and distance. In a Euclidean space the kernel is the inner product of centred vectors, which is
            what its distances say about inner products.
        row_centred: Subtract from each inner product its row's mean, over all samples.
    """
    vectors = space.place(x)
    mean, weights = vectors.mean(dim=0), near.similarity
    if space.distance != "inner":
        keys = vectors - mean
        square = keys.square().sum(dim=1)
        weights = (weights + square[:, None] + square[near.indices]) / 2
    if space.distance == "cosine":
        weights = weights + (keys @ mean)[near.indices]
    if space.distance != "euclidean" and not row_centred:
        weights = weights + (vectors @ mean)[:, None]
    indices, weights = near.indices.T.contiguous(), weights.T.contiguous()
    own = torch.arange(len(x), device=x.device)[:, None]
    mutual = torch.stack([(near.indices.index_select(0, place) == own).any(dim=1) for place in indices])
    return LocalKernel(indices, _from_one(weights), _from_one(weights * mutual))


def shared_sum(a: LocalKernel, b: LocalKernel, estimate: Estimate) -> Float[Tensor, "*batch"]:
    r"""Return how two kernels vary together over the entries that both have, for every pair of the batch.

    With the entries of $A$ and $B$ that both have, and zeros elsewhere: "paper" is $\sum_{ij} A_{ij} B_{ij}$; "unbiased" and
    "biased" are the two estimates of HSIC, in which $\mathrm{tr}(A B)$ counts only entries that have a mirror image, since
    being a neighbour is not symmetric.

    Args:
        a: Entries of the first kernel.
        b: Entries of the second kernel.
        estimate: "unbiased" or "biased" HSIC, or "paper".
    """
    place = _places(a.indices, b.indices)
    of_b = _at(b.weights, place)
    if estimate == "paper":
        return _sum(a.weights[..., 1:, :] * of_b)
    of_a = torch.where(place > 0, a.weights[..., 1:, :], 0)
    trace = _sum(a.mutual[..., 1:, :] * _at(b.mutual, place))
    n, row_a, row_b = of_a.shape[-1], of_a.sum(dim=-2), of_b.sum(dim=-2)
    total = row_a.sum(dim=-1, dtype=torch.float64) * row_b.sum(dim=-1, dtype=torch.float64)
    a_then_b = _sum(of_a * _of_columns(row_b, a.indices))
    if estimate == "unbiased":
        return (trace + total / ((n - 1) * (n - 2)) - 2 * a_then_b / (n - 2)) / (n * (n - 3))
    b_then_a = _sum(of_b * _of_columns(row_a, a.indices))
    return trace - (a_then_b + b_then_a) / n + total / n**2


def _places(a: Tensor, b: Tensor) -> Tensor:
    """Return at which place of its sample's list in b each neighbour in a stands, counted from 1, and 0 where it does not."""
    a, b = a.int(), b.int()  # half as much to read, for each place again
    place = torch.zeros((a == b[..., :1, :]).shape, dtype=torch.int16, device=a.device)
    for j in range(b.shape[-2]):
        # A list holds nobody twice, and adding is many times as fast as filling under a mask.
        place.add_(a == b[..., j : j + 1, :], alpha=j + 1)
    return place.long()


def _from_one(values: Tensor) -> Tensor:
    """Count the places from 1: put zeros at place 0."""
    return F.pad(values, (0, 0, 1, 0))


def _at(values: Tensor, place: Tensor) -> Tensor:
    """Return the values at places."""
    return values.expand(*place.shape[:-2], -1, -1).gather(-2, place)


def _of_columns(rows: Tensor, columns: Tensor) -> Tensor:
    """Return what belongs to each neighbour, from what belongs to each sample."""
    places = columns.shape[-2]
    return rows.gather(-1, columns.flatten(-2).expand(*rows.shape[:-1], -1)).view(*rows.shape[:-1], places, -1)


def _sum(entries: Tensor) -> Tensor:
    return entries.sum(dim=-2).sum(dim=-1, dtype=torch.float64)
