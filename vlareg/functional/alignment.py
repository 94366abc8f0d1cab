"""Alignment of two representations of the same samples, by their neighbours."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from vlareg.functional.neighbours import Distance, Neighbours, check_k, check_pair, nearest_neighbours
from vlareg.functional.precision import full_precision
from vlareg.shapes import Scalar


def mutual_knn(
    x: Float[Tensor, "samples dim_x"],
    y: Float[Tensor, "samples dim_y"],
    k: int = 10,
    *,
    distance_x: Distance = "inner",
    distance_y: Distance = "inner",
    groups: Int[Tensor, "samples"] | None = None,
) -> Scalar:
    r"""Measure how many of the k nearest neighbours two spaces share.

    $\frac{1}{N k}\sum_i |\mathrm{kNN}_x(i) \cap \mathrm{kNN}_y(i)|$, in [0, 1]. Chance is k / (N - 1), so N and k
    belong to a score's name.

    Args:
        x: One vector per sample.
        y: One vector per sample, in the same order.
        k: Number of neighbours.
        distance_x: Similarity in the first space, "inner" or "euclidean".
        distance_y: Similarity in the second space; for actions and states standardise and use "euclidean".
        groups: Episode of each sample; neighbours then come from other episodes only.

    Returns:
        The score (dimensionless).

    Raises:
        ValueError: If the samples differ in number, hold NaN, are constant, or `k` leaves nothing to choose.

    Reference:
        Huh, Cheung, Wang, Isola, "The Platonic Representation Hypothesis", 2024, arXiv 2405.07987, appendix A.

    Example:
        >>> x = torch.randn(50, 8)
        >>> float(mutual_knn(x, 3 * x))
        1.0
    """
    check_pair(x, y)
    neighbours_x = nearest_neighbours(x, k, distance=distance_x, groups=groups).indices
    neighbours_y = nearest_neighbours(y, k, distance=distance_y, groups=groups).indices
    shared = torch.stack([(neighbours_y == column[:, None]).any(dim=1) for column in neighbours_x.T])
    return shared.double().mean().float()


def cknna(
    x: Float[Tensor, "samples dim_x"],
    y: Float[Tensor, "samples dim_y"],
    k: int = 10,
    unbiased: bool = True,
    *,
    groups: Int[Tensor, "samples"] | None = None,
) -> Scalar:
    r"""Measure the centred kernel alignment of two spaces over the neighbours that they share.

    $\mathrm{HSIC}(M \odot K, M \odot L) / \sqrt{\mathrm{HSIC}(M_K \odot K, M_K \odot K)\,\mathrm{HSIC}(M_L \odot L, M_L
    \odot L)}$ with the Gram matrices $K = x x^\top$, $L = y y^\top$, the masks $M_K$, $M_L$ of the k largest entries of
    each row and $M = M_K M_L$. As in the published code, and unlike its paper's equation 16, the kernels are not
    centred before they are masked, and the mask is not symmetric. Unlike the published code there is no 1e-6 in the
    denominator, which would lower the score of small kernels. The score is neither symmetric in x and y nor bounded by
    1.

    Args:
        x: One vector per sample.
        y: One vector per sample, in the same order.
        k: Number of neighbours (at least 2).
        unbiased: Use the unbiased HSIC and leave a sample out of its own neighbours. Without it a sample is mostly its
            own neighbour, and independent data scores .19 to .67.
        groups: Episode of each sample; neighbours then come from other episodes only (needs `unbiased`).

    Returns:
        The score (dimensionless); NaN where an estimated self-similarity is not positive, as can happen with a
            handful of samples.

    Raises:
        ValueError: If the samples differ in number, hold NaN, are constant, or `k` leaves nothing to choose.

    Reference:
        Huh, Cheung, Wang, Isola, "The Platonic Representation Hypothesis", 2024, arXiv 2405.07987, equation 16;
        unbiased HSIC: Song et al., "Feature Selection via Dependence Maximization", 2012, equation 5.

    Example:
        >>> x = torch.randn(50, 8)
        >>> round(float(cknna(x, x)), 4)
        1.0
    """
    check_pair(x, y)
    check_k(k, len(x), groups, include_self=not unbiased)
    if k < 2 or len(x) < 4:
        raise ValueError(f"CKNNA needs `k` >= 2 and at least 4 samples, but got k = {k} and {len(x)} samples.")
    with full_precision(x):
        near_x = nearest_neighbours(x, k, groups=groups, include_self=not unbiased)
        near_y = nearest_neighbours(y, k, groups=groups, include_self=not unbiased)
        cross = _sparse_hsic(*_shared_edges(near_x, near_y), len(x), unbiased)
        self_x = _sparse_hsic(*_shared_edges(near_x, near_x), len(x), unbiased)
        self_y = _sparse_hsic(*_shared_edges(near_y, near_y), len(x), unbiased)
        # A product of two negatives would look like a score.
        product = torch.where((self_x > 0) & (self_y > 0), self_x * self_y, torch.nan)
        return (cross / product.sqrt()).float()


def _shared_edges(a: Neighbours, b: Neighbours) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return rows, columns and both kernels' values of the neighbour pairs that two spaces share."""
    parts = []
    for column in range(a.indices.shape[1]):
        index = a.indices[:, column]
        row, position = (b.indices == index[:, None]).nonzero(as_tuple=True)
        parts.append((row, index[row], a.similarity[row, column].double(), b.similarity[row, position].double()))
    rows, columns, values_a, values_b = (torch.cat(part) for part in zip(*parts, strict=True))
    return rows, columns, values_a, values_b


def _sparse_hsic(rows: Tensor, columns: Tensor, a: Tensor, b: Tensor, samples: int, unbiased: bool) -> Tensor:
    """HSIC of two sparse matrices A and B with entries at the same places, over which all of its sums run."""
    n = samples
    zeros = a.new_zeros(n)
    row_a, row_b = zeros.index_add(0, rows, a), zeros.index_add(0, rows, b)
    column_a, column_b = zeros.index_add(0, columns, a), zeros.index_add(0, columns, b)
    trace = _trace_of_product(rows * n + columns, columns * n + rows, a, b)
    total, a_then_b, b_then_a = a.sum() * b.sum(), column_a @ row_b, column_b @ row_a
    if not unbiased:
        return trace - (a_then_b + b_then_a) / n + total / n**2
    return (trace + total / ((n - 1) * (n - 2)) - 2 * a_then_b / (n - 2)) / (n * (n - 3))


def _trace_of_product(keys: Tensor, mirrored: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """Sum A_ij B_ji over the entries (i, j) whose mirror image is an entry too."""
    keys, order = keys.sort()
    position = torch.searchsorted(keys, mirrored).clamp(max=max(len(keys) - 1, 0))
    if len(keys) == 0:
        return a.sum()
    found = keys[position] == mirrored
    return (a * b[order[position]] * found).sum()
