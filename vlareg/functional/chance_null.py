"""What scores would be if the two spaces had nothing to do with each other, by permutation."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

Metric = Callable[[Int[Tensor, "rows"], Int[Tensor, "rows"]], Tensor]
"""Scores rows of the first space against rows of the second, such as `lambda i, j: cka(x[i], y[j])`."""

BLOCK_ELEMENTS = 300_000
"""Edges looked up at a time, and cells of the table they are looked up in (about 2 MB each: they stay in the cache)."""


def permutation_null(
    metric: Metric, permutations: Int[Tensor, "permutations samples"]
) -> Float[Tensor, "permutations *pairs"]:
    """Score the first space against the second in every permuted order.

    A metric that returns the scores of many pairs of layers sees the same permutation in all of them; one that returns
    their maximum gets the null of the maximum.

    Args:
        metric: Called with all rows of the first space and the permuted rows of the second.
        permutations: One permutation a row, as of `episode_permutations`.

    Returns:
        One score per permutation.

    Example:
        >>> x = torch.tensor([1.0, 2.0, 3.0])
        >>> permutation_null(lambda i, j: x[i] @ x[j], torch.tensor([[0, 1, 2], [2, 1, 0]]))
        tensor([14., 10.])
    """
    rows = torch.arange(permutations.shape[1], device=permutations.device)
    return torch.stack([metric(rows, permutation) for permutation in permutations])


def permuted_neighbours(
    indices: Int[Tensor, "*layers samples k"], permutation: Int[Tensor, "samples"]
) -> Int[Tensor, "*layers samples k"]:
    """Return the neighbours within `y[permutation]`, given those within `y`: they only change their names.

    Args:
        indices: Neighbours of every sample, from `nearest_neighbours`.
        permutation: The order in which the samples are read.

    Raises:
        ValueError: If it is not a permutation.

    Example:
        >>> permuted_neighbours(torch.tensor([[1], [2], [1]]), torch.tensor([2, 0, 1])).flatten().tolist()
        [2, 2, 0]
    """
    return _inverse(permutation[None])[0][indices[..., permutation, :]]


def mutual_knn_null(
    indices_x: Int[Tensor, "layers_x samples k_x"],
    indices_y: Int[Tensor, "layers_y samples k_y"],
    permutations: Int[Tensor, "permutations samples"],
) -> Float[Tensor, "permutations layers_x layers_y"]:
    """Score the overlap of neighbours of every pair of layers in every permuted order, from the indices alone.

    Neighbours only change their names when samples are permuted, so nothing is searched again. The edges of all layers
    of the first space stand side by side in a table [row * samples + neighbour, layer] of a block of rows, in which
    the renamed edges of the second are looked up and summed.

    Args:
        indices_x: Neighbours in each layer of the first space.
        indices_y: Neighbours in each layer of the second space.
        permutations: One permutation a row, as of `episode_permutations`.

    Returns:
        `mutual_knn` of each pair (float64): shared neighbours / min(k_x, k_y), in [0, 1].

    Raises:
        ValueError: If the numbers of samples differ, or a row of `permutations` is not a permutation.

    Example:
        >>> ring = (torch.arange(6)[:, None] + torch.tensor([1, 2])) % 6
        >>> mutual_knn_null(ring[None], ring[None], torch.tensor([[0, 1, 2, 3, 4, 5], [5, 4, 3, 2, 1, 0]])).flatten()
        tensor([1., 0.], dtype=torch.float64)
    """
    layers_x, samples, k_x = indices_x.shape
    layers_y, _, k_y = indices_y.shape
    if indices_y.shape[1] != samples or permutations.shape[1] != samples:
        raise ValueError(
            "`indices_x`, `indices_y` and `permutations` must be of the same samples, but are of"
            f" {samples}, {indices_y.shape[1]} and {permutations.shape[1]}."
        )
    by_sample, inverse = indices_y.transpose(0, 1).contiguous(), _inverse(permutations)
    counts = torch.zeros(len(permutations), layers_y, layers_x, dtype=torch.float64, device=indices_x.device)
    for rows in _blocks(samples, samples * layers_x):
        table = _edge_table(indices_x[:, rows], samples)
        for draws in _blocks(len(permutations), len(table) // samples * layers_y * k_y):
            edges = _renamed_edges(by_sample, permutations[draws, rows], inverse[draws])
            counts[draws] += F.embedding_bag(edges.flatten(0, 1), table, mode="sum").view(-1, layers_y, layers_x)
    return counts.transpose(1, 2) / (samples * min(k_x, k_y))


def _blocks(length: int, elements_each: int) -> list[slice]:
    step = max(1, BLOCK_ELEMENTS // elements_each)
    return [slice(start, start + step) for start in range(0, length, step)]


def _inverse(permutations: Int[Tensor, "permutations samples"]) -> Int[Tensor, "permutations samples"]:
    places = torch.arange(permutations.shape[1], device=permutations.device).expand_as(permutations)
    inverse = torch.full_like(permutations, -1).scatter_(1, permutations, places)
    if bool((inverse < 0).any()):
        raise ValueError("`permutations` must hold every sample once in each row.")
    return inverse


def _edge_table(indices: Int[Tensor, "layers rows k"], samples: int) -> Float[Tensor, "cells layers"]:
    """Return 1 where a row (first factor of the cells) has a neighbour (second factor) in a layer."""
    layers, rows, _ = indices.shape
    table = torch.zeros(rows, samples, layers, device=indices.device)
    return table.scatter_(1, indices.permute(1, 2, 0), 1.0).view(-1, layers)


def _renamed_edges(
    by_sample: Int[Tensor, "samples layers k"],
    partners: Int[Tensor, "permutations rows"],
    inverse: Int[Tensor, "permutations samples"],
) -> Int[Tensor, "permutations layers edges"]:
    """Return the cells of the table that the partners' neighbours, under their new names, fall into."""
    (draws, rows), (samples, layers, k) = partners.shape, by_sample.shape
    names = inverse.gather(1, by_sample.index_select(0, partners.flatten()).view(draws, -1))
    cells = names.view(draws, rows, layers, k) + samples * torch.arange(rows, device=inverse.device)[:, None, None]
    return cells.transpose(1, 2).reshape(draws, layers, rows * k)
