"""Refusals: input for which a formula would return a plausible number without meaning."""

import torch
from torch import Tensor

RESOLUTION = 1e-6
"""What varies by less than this share of its largest value varies by rounding (dimensionless; float32 has 1.2e-7)."""


def check_embeddings(x: Tensor, name: str) -> None:
    """Refuse what has no meaningful geometry.

    Args:
        x: One vector per sample.
        name: The argument's name, for the message.

    Raises:
        ValueError: If `x` is not a float matrix, is empty or not finite, or all its rows are equal up to rounding.
    """
    if x.ndim != 2 or not x.is_floating_point() or x.numel() == 0:
        raise ValueError(f"`{name}` must be a float tensor [samples, dim], but got {x.dtype} {list(x.shape)}.")
    lowest, highest = x.detach().amin(dim=0).double(), x.detach().amax(dim=0).double()
    if not (lowest + highest).isfinite().all():
        rows = (~x.isfinite().all(dim=1)).nonzero().flatten().tolist()
        raise ValueError(
            f"`{name}` holds NaN or infinity in {len(rows)} of {len(x)} rows, the first of them row {rows[0]}."
        )
    if len(x) > 1 and bool((highest - lowest <= RESOLUTION * torch.maximum(-lowest, highest)).all()):
        raise ValueError(f"`{name}` is constant: all {len(x)} rows are equal, so its geometry is arbitrary.")


def check_directions(x: Tensor, name: str) -> None:
    """Refuse vectors of zeros where only directions and inner products count.

    Args:
        x: One vector per sample, after its normalisation.
        name: The argument's name, for the message.

    Raises:
        ValueError: If a vector is zero.
    """
    short = (torch.linalg.vector_norm(x, dim=1) == 0).nonzero().flatten()
    zero = short[(x[short] == 0).all(dim=1)].tolist()
    if zero:
        raise ValueError(
            f"`{name}` has {len(zero)} vectors of zeros, the first of them row {zero[0]}, to which all samples are equally "
            f"near. Leave them out, or use the distance 'euclidean', for which zero is a place like any other."
        )


def check_pair(x: Tensor, y: Tensor) -> None:
    """Refuse two spaces that are not two views of the same samples.

    Args:
        x: One vector per sample.
        y: One vector per sample, in the same order.

    Raises:
        ValueError: If the numbers of samples differ, or a side has no meaningful geometry.
    """
    check_embeddings(x, "x")
    check_embeddings(y, "y")
    if len(x) != len(y):
        raise ValueError(f"`x` and `y` must hold the same samples, but have {len(x)} and {len(y)} rows.")


def check_groups(groups: Tensor, samples: int) -> None:
    """Refuse episode ids that do not fit the samples.

    Args:
        groups: Episode of each sample.
        samples: Number of samples.

    Raises:
        ValueError: If there is not one integer per sample.
    """
    if groups.shape != (samples,) or groups.is_floating_point():
        raise ValueError(
            f"`groups` must be one integer per sample, [{samples}], but is {groups.dtype} {list(groups.shape)}."
        )


def check_k(k: int, samples: int, groups: Tensor | None = None, include_self: bool = False) -> None:
    """Refuse a k for which everybody is a neighbour.

    Args:
        k: Number of neighbours.
        samples: Number of samples.
        groups: Episode of each sample; neighbours come from other episodes.
        include_self: Whether a sample may be its own neighbour.

    Raises:
        ValueError: If `k` is not in 1 .. candidates - 1, or `groups` does not fit.
    """
    if groups is not None and include_self:
        raise ValueError(
            "`include_self` has no meaning with `groups`: a sample is never from another episode than itself."
        )
    if groups is not None:
        check_groups(groups, samples)
    largest = int(torch.unique(groups, return_counts=True)[1].max()) if groups is not None else 1
    candidates = samples if include_self else samples - largest
    if not 1 <= k < candidates:
        of = "other episodes" if groups is not None else "other samples"
        raise ValueError(f"`k` must be in 1..{candidates - 1} ({candidates} candidates among {of}), but got {k}.")
