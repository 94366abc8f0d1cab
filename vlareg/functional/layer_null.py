"""Scores of every pair of layers when whole episodes are permuted."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from vlareg.functional.chance_null import mutual_knn_null, permuted_neighbours
from vlareg.functional.layer_pairs import (
    LISTS,
    LOCAL,
    compare_lists,
    compare_local,
    local_kernels,
    score_layers,
)
from vlareg.functional.layers import Layers
from vlareg.functional.local_kernel import LocalKernel
from vlareg.functional.precision import full_precision


def layer_null(
    metric: str, x: Layers, y: Layers, permutations: Int[Tensor, "permutations samples"]
) -> Float[Tensor, "permutations layers_x layers_y"]:
    """Score every pair of layers in every permuted order, the same in all layers.

    Scores of neighbours are computed from the stored neighbours, which only change their names; others anew.

    Args:
        metric: A name in `vlareg.functional.layer_pairs.LAYER_METRICS`.
        x: One side, in its order.
        y: The other side, whose samples are permuted.
        permutations: One permutation a row, as of `episode_permutations`, which exchanges episodes of equal length only: then
            neighbours in other episodes stay in other episodes.

    Returns:
        One matrix of scores per permutation (float64).

    Raises:
        ValueError: If the name is unknown, the samples differ in number, or a layer has no meaningful geometry.

    Example:
        >>> x = Layers([torch.randn(30, 3), torch.randn(30, 5)], "x")
        >>> layer_null("cknna", x, x, torch.arange(30)[None]).shape
        torch.Size([1, 2, 2])
    """
    if metric == "mutual_knn":
        return mutual_knn_null(x.neighbours.indices, y.neighbours.indices, permutations)
    with torch.no_grad(), full_precision(x.vectors[0]):
        return torch.stack([_permuted(metric, x, y, order) for order in permutations]).double()


def _permuted(metric: str, x: Layers, y: Layers, order: Tensor) -> Tensor:
    if metric in LISTS:
        lists = permuted_neighbours(y.neighbours.indices, order)
        return compare_lists(LISTS[metric], x.neighbours.indices, lists)
    if metric in LOCAL:
        kernel_x, kernel_y = local_kernels(metric, x, y)
        return compare_local(kernel_x, _renamed(kernel_y, order), LOCAL[metric])
    return score_layers(metric, x, y.subset(order))


def _renamed(kernel: LocalKernel, order: Tensor) -> LocalKernel:
    """Return a kernel's entries between neighbours with the samples in another order."""
    indices = permuted_neighbours(kernel.indices.mT, order).mT.contiguous()
    return LocalKernel(indices, kernel.weights[..., order], kernel.mutual[..., order])
