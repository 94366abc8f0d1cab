"""Find a sample's partner in the other space."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from vlareg.functional import neighbours
from vlareg.functional.checks import check_pair
from vlareg.functional.folds import held_out_folds
from vlareg.functional.precision import full_precision
from vlareg.functional.procrustes import ProcrustesMap, fit_procrustes
from vlareg.functional.space import RAW, Space, per_side
from vlareg.shapes import Embeddings, Scalar


def precision_at_k(
    x: Float[Tensor, "samples dim_x"],
    y: Float[Tensor, "samples dim_y"],
    k: int = 10,
    *,
    groups: Int[Tensor, "samples"],
    folds: int = 5,
    space: Space | tuple[Space, Space] = RAW,
) -> Scalar:
    """Measure how often a sample's true partner is among the k nearest once one space is mapped onto the other.

    The map (rotation, equal spread, equal mean) is fitted on other episodes. In sample it could bring anything together: with
    1000 independent samples of 256 dimensions all partners are among the 15 nearest. This is retrieval, not the overlap of neighbours that
    `mutual_knn` measures. Chance is k / (samples that are searched), those of one fold.

    Args:
        x: One vector per sample.
        y: One vector per sample, in the same order.
        k: Number of nearest vectors among which the partner may be.
        groups: Episode of each sample; `torch.arange(samples)` where samples are independent.
        folds: Parts that the episodes are dealt to; each is searched with the map of the others.
        space: Normalisation, or one for each side; the search is Euclidean.

    Returns:
        A share of samples (0 to 1). Equally near vectors count against the partner.

    Raises:
        ValueError: If the samples differ in number, hold NaN or are constant, there are too few episodes, or `k` is not below
            the size of the smallest fold.
        RuntimeError: If the map cannot be fitted.

    Reference:
        Conneau et al., "Word Translation Without Parallel Data", 2018, arXiv 1710.04087, section 3 (precision at k after a
        Procrustes map, on held-out words).

    Example:
        >>> x = torch.randn(60, 4)
        >>> float(precision_at_k(x, x.flip(1), k=1, groups=torch.arange(60) // 6))
        1.0
    """
    check_pair(x, y)
    if groups is None:
        raise ValueError("`groups` must be given: the map is fitted on other episodes than it is scored on.")
    parts = held_out_folds(groups, len(x), folds)
    smallest = min(len(part.score) for part in parts)
    if not 1 <= k < smallest:
        raise ValueError(f"`k` must be in 1..{smallest - 1} (the smallest fold has {smallest} samples), but got {k}.")
    with torch.no_grad(), full_precision(x):
        x, y = (side.place(v).double() for side, v in zip(per_side(space), (x, y), strict=True))
        found = [_found(_fit_map(x[part.fit], y[part.fit])(x[part.score]), y[part.score], k) for part in parts]
    return torch.cat(found).double().mean().float()


def _fit_map(x: Float[Tensor, "samples dim_x"], y: Float[Tensor, "samples dim_y"]) -> ProcrustesMap:
    """Return the rotation with the scale that gives both spaces equal spread.

    The scale of least error shrinks the less two spaces agree, and everything would be nearest to short vectors.
    """
    spread_x, spread_y = (torch.linalg.matrix_norm(side - side.mean(dim=0)) for side in (x, y))
    return fit_procrustes(x, y)._replace(scale=spread_y / spread_x)


def _found(mapped: Embeddings, gallery: Embeddings, k: int) -> Bool[Tensor, "samples"]:
    """Return for which rows fewer than k other vectors of the gallery are as near as the row's own."""
    half_square = gallery.square().sum(dim=1) / 2
    found = torch.zeros(len(gallery), dtype=torch.bool, device=gallery.device)
    rows = max(1, neighbours.BLOCK_ELEMENTS // len(gallery))
    for start in range(0, len(gallery), rows):
        nearness = mapped[start : start + rows] @ gallery.T - half_square
        as_near = (nearness >= nearness.diagonal(start)[:, None]).sum(dim=1)
        # At least the partner itself; no comparison with NaN is true.
        found[start : start + rows] = (as_near >= 1) & (as_near <= k)
    return found
