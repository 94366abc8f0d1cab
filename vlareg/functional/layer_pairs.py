"""Scores of every layer of one side against every layer of the other."""

from collections.abc import Callable
from difflib import get_close_matches
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor

from vlareg.functional import neighbours
from vlareg.functional.cknna import normalised
from vlareg.functional.hsic import hsic
from vlareg.functional.kernels import Kernel
from vlareg.functional.layers import Layers
from vlareg.functional.local_kernel import Estimate, LocalKernel, shared_sum
from vlareg.functional.neighbour_lists import common_length, kept_share, returns, shared_share
from vlareg.functional.precision import full_precision
from vlareg.functional.svcca import canonical_correlation

Scores = Float[Tensor, "layers_x layers_y"]


def score_layers(metric: str, x: Layers, y: Layers) -> Scores:
    """Score every layer of one side against every layer of the other.

    Args:
        metric: A name in `LAYER_METRICS`: "mutual_knn", "cycle_knn", "lcs_knn", "edit_distance_knn", "cknna", "cknna_paper",
            "cka", "unbiased_cka", "rbf_cka" (width: the median distance), "svcca" (10 directions).
        x: One side.
        y: The other side, of the same samples.

    Returns:
        What the function of that name returns for each pair (float32).

    Raises:
        ValueError: If the name is unknown, the samples differ in number, or a layer has no meaningful geometry.

    Example:
        >>> x = Layers([torch.randn(30, 3), torch.randn(30, 5)], "x")
        >>> score_layers("mutual_knn", x, x).diagonal()
        tensor([1., 1.])
    """
    check_metric(metric)
    samples = len(x.vectors[0]), len(y.vectors[0])
    if samples[0] != samples[1]:
        raise ValueError(f"`x` and `y` must hold the same samples, but have {samples[0]} and {samples[1]} rows.")
    with torch.no_grad(), full_precision(x.vectors[0]):
        return LAYER_METRICS[metric](x, y).float()


def check_metric(name: str) -> None:
    """Refuse the name of a metric that does not exist, and suggest the nearest.

    Args:
        name: Name of a metric.

    Raises:
        ValueError: If the name is unknown.
    """
    if name not in LAYER_METRICS:
        near = get_close_matches(name, LAYER_METRICS, n=1, cutoff=0)[0]
        raise ValueError(f"`metric` must be one of {sorted(LAYER_METRICS)}, but got {name!r}; did you mean {near!r}?")


def _lists(agreement: Callable[[Tensor, Tensor], Tensor], x: Layers, y: Layers) -> Scores:
    """Average an agreement of lists of neighbours over the samples."""
    lists = _in_parts(y.neighbours.indices)
    rows = [torch.cat([agreement(a, b).double().mean(dim=-1) for b in lists]) for a in x.neighbours.indices]
    return torch.stack(rows)


def _in_parts(layers: Tensor) -> tuple[Tensor, ...]:
    """Split the layers such that what is computed for a part at a time stays small."""
    return torch.split(layers, max(1, neighbours.BLOCK_ELEMENTS // layers[0].numel()))


def _cknna(estimate: Estimate, x: Layers, y: Layers) -> Scores:
    a, b = (s.row_centred_local_kernel if estimate == "paper" else s.local_kernel for s in (x, y))
    parts = [LocalKernel(*part) for part in zip(*map(_in_parts, b), strict=True)]
    layers = [LocalKernel(*layer) for layer in zip(*a, strict=True)]
    cross = torch.stack([torch.cat([shared_sum(layer, part, estimate) for part in parts]) for layer in layers])
    own_x = torch.stack([shared_sum(layer, layer, estimate) for layer in layers])
    own_y = torch.cat([shared_sum(part, part, estimate) for part in parts])
    return normalised(cross, own_x[:, None], own_y)


def _cka(kernels: Callable[[Layers], list[Kernel]], unbiased: bool, x: Layers, y: Layers) -> Scores:
    sums = hsic(kernels(x), kernels(y), unbiased)
    return normalised(sums.cross, sums.own_x[:, None], sums.own_y)


def _svcca(x: Layers, y: Layers) -> Scores:
    directions_x, directions_y = x.directions(10), y.directions(10)
    return torch.stack(
        [torch.stack([canonical_correlation(u, v, "squared") for v in directions_y]) for u in directions_x]
    )


def _linear(layers: Layers) -> list[Kernel]:
    return layers.linear_kernels


def _gaussian(layers: Layers) -> list[Kernel]:
    return layers.gaussian_kernels


LAYER_METRICS: dict[str, Callable[[Layers, Layers], Scores]] = {
    "mutual_knn": partial(_lists, shared_share),
    "cycle_knn": partial(_lists, returns),
    "lcs_knn": partial(_lists, common_length),
    "edit_distance_knn": partial(_lists, kept_share),
    "cknna": partial(_cknna, "unbiased"),
    "cknna_paper": partial(_cknna, "paper"),
    "cka": partial(_cka, _linear, False),
    "unbiased_cka": partial(_cka, _linear, True),
    "rbf_cka": partial(_cka, _gaussian, False),
    "svcca": _svcca,
}
