"""Scores of every layer of one side against every layer of the other."""

from collections.abc import Callable
from difflib import get_close_matches
from functools import partial

import torch
from jaxtyping import Float, Int
from torch import Tensor

from vlareg.functional import neighbours
from vlareg.functional.cknna import normalised
from vlareg.functional.kernels import KernelName
from vlareg.functional.layers import Layers
from vlareg.functional.local_kernel import Estimate, LocalKernel, shared_sum
from vlareg.functional.neighbour_lists import Agreement, common_length, kept_share, returns, shared_share
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
    if x.samples != y.samples:
        raise ValueError(f"`x` and `y` must hold the same samples, but have {x.samples} and {y.samples} rows.")
    with torch.no_grad(), full_precision(x.vectors[0]):
        if metric in LISTS:
            return compare_lists(LISTS[metric], x.neighbours.indices, y.neighbours.indices).float()
        if metric in LOCAL:
            return compare_local(*local_kernels(metric, x, y), LOCAL[metric]).float()
        return WHOLE[metric](x, y).float()


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


def compare_lists(
    agreement: Callable[[Tensor, Tensor], Agreement],
    x: Int[Tensor, "layers_x samples k_x"],
    y: Int[Tensor, "layers_y samples k_y"],
) -> Scores:
    """Average an agreement of lists of neighbours over the samples.

    Args:
        agreement: Of `vlareg.functional.neighbour_lists`.
        x: Neighbours in the layers of one side.
        y: Neighbours in the layers of the other.
    """
    parts = _in_parts(y)
    return torch.stack([torch.cat([agreement(a, b).double().mean(dim=-1) for b in parts]) for a in x])


def local_kernels(metric: str, x: Layers, y: Layers) -> tuple[LocalKernel, LocalKernel]:
    """Return the kernels between neighbours that a metric compares.

    Args:
        metric: A name in `LOCAL`.
        x: One side.
        y: The other side.
    """
    if LOCAL[metric] == "paper":
        return x.row_centred_local_kernels, y.row_centred_local_kernels
    return x.local_kernels, y.local_kernels


def compare_local(x: LocalKernel, y: LocalKernel, estimate: Estimate) -> Scores:
    """Compare kernels between neighbours.

    Args:
        x: Of the layers of one side.
        y: Of the layers of the other.
        estimate: Kind of the sums.
    """
    layers = [LocalKernel(*layer) for layer in zip(*x, strict=True)]
    sizes = [len(part) for part in _in_parts(y.indices)]
    parts = [LocalKernel(*part) for part in zip(*(torch.split(field, sizes) for field in y), strict=True)]
    cross = torch.stack([torch.cat([shared_sum(a, b, estimate) for b in parts]) for a in layers])
    own_x = torch.stack([shared_sum(a, a, estimate) for a in layers])
    own_y = torch.cat([shared_sum(b, b, estimate) for b in parts])
    return normalised(cross, own_x[:, None], own_y)


def _in_parts(layers: Tensor) -> tuple[Tensor, ...]:
    """Split the layers such that what is computed for a part at a time stays small."""
    return torch.split(layers, max(1, neighbours.BLOCK_ELEMENTS // layers[0].numel()))


def _cka(x: Layers, y: Layers, kernel: KernelName = "linear", unbiased: bool = False) -> Scores:
    sums = x.kernel_sums(y, kernel).hsic(unbiased)
    return normalised(sums.cross, sums.own_x[:, None], sums.own_y)


def _svcca(x: Layers, y: Layers) -> Scores:
    u, v = x.directions(10), y.directions(10)
    return torch.stack([torch.stack([canonical_correlation(a, b, "squared") for b in v]) for a in u])


LISTS: dict[str, Callable[[Tensor, Tensor], Agreement]] = {
    "mutual_knn": shared_share,
    "cycle_knn": returns,
    "lcs_knn": common_length,
    "edit_distance_knn": kept_share,
}
"""Metrics of lists of neighbours."""

LOCAL: dict[str, Estimate] = {"cknna": "unbiased", "cknna_paper": "paper"}
"""Metrics of kernels between neighbours."""

WHOLE: dict[str, Callable[[Layers, Layers], Scores]] = {
    "cka": _cka,
    "unbiased_cka": partial(_cka, unbiased=True),
    "rbf_cka": partial(_cka, kernel="rbf"),
    "svcca": _svcca,
}
"""Metrics of all samples together."""

LAYER_METRICS = (*LISTS, *LOCAL, *WHOLE)
"""Names of metrics that `score_layers` knows."""
