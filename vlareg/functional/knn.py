"""Alignment of two representations of the same samples by their neighbours."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from vlareg.functional.neighbour_lists import common_length, kept_share, returns, shared_share
from vlareg.functional.neighbours import pair_neighbours
from vlareg.functional.space import RAW, Space
from vlareg.shapes import Scalar


def mutual_knn(
    x: Float[Tensor, "samples dim_x"],
    y: Float[Tensor, "samples dim_y"],
    k: int | tuple[int, int] = 10,
    *,
    space: Space | tuple[Space, Space] = RAW,
    groups: Int[Tensor, "samples"] | None = None,
) -> Scalar:
    r"""Measure how many of the k nearest neighbours two spaces share.

    $\frac{1}{N k}\sum_i |\mathrm{kNN}_x(i) \cap \mathrm{kNN}_y(i)|$, in [0, 1]. Chance is k / (N - 1), so N and k
    belong to a score's name, and the mean over batches is another metric than the score of all samples.

    Args:
        x: One vector per sample.
        y: One vector per sample, in the same order.
        k: Number of neighbours, or one for each side (the shared ones are then divided by the smaller).
        space: Normalisation and distance, or one for each side: `(FEATURES, ACTIONS)`.
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
    near_x, near_y = pair_neighbours(x, y, k, space, groups)
    return _mean(shared_share(near_x.indices, near_y.indices))


def cycle_knn(
    x: Float[Tensor, "samples dim_x"],
    y: Float[Tensor, "samples dim_y"],
    k: int | tuple[int, int] = 10,
    *,
    space: Space | tuple[Space, Space] = RAW,
    groups: Int[Tensor, "samples"] | None = None,
) -> Scalar:
    r"""Measure how often a step to a neighbour in y and on to a neighbour of that one in x can lead back.

    $\frac{1}{N}\sum_i [\exists j \in \mathrm{kNN}_y(i): i \in \mathrm{kNN}_x(j)]$, in [0, 1], not symmetric in x and y.
    Chance is about 1 - (1 - k / (N - 1))^k.

    Args:
        x: One vector per sample.
        y: One vector per sample, in the same order.
        k: Number of neighbours, or one for each side.
        space: Normalisation and distance, or one for each side.
        groups: Episode of each sample; neighbours then come from other episodes only.

    Returns:
        The score (dimensionless); below 1 for a space and itself, where neighbours are not mutual.

    Raises:
        ValueError: If the samples differ in number, hold NaN, are constant, or `k` leaves nothing to choose.

    Reference:
        `cycle_knn` of the code of Huh et al., 2024, arXiv 2405.07987; the paper does not describe it.

    Example:
        >>> x = torch.tensor([[0.0], [1.0], [5.0], [6.0]])
        >>> float(cycle_knn(x, x, k=1, space=Space("euclidean")))
        1.0
    """
    near_x, near_y = pair_neighbours(x, y, k, space, groups)
    return _mean(returns(near_x.indices, near_y.indices))


def lcs_knn(
    x: Float[Tensor, "samples dim_x"],
    y: Float[Tensor, "samples dim_y"],
    k: int | tuple[int, int] = 10,
    *,
    space: Space | tuple[Space, Space] = RAW,
    groups: Int[Tensor, "samples"] | None = None,
) -> Scalar:
    """Measure how many neighbours two spaces share in the same order.

    The mean length of the longest common subsequence of both lists of neighbours, nearest first.

    Args:
        x: One vector per sample.
        y: One vector per sample, in the same order.
        k: Number of neighbours, or one for each side.
        space: Normalisation and distance, or one for each side.
        groups: Episode of each sample; neighbours then come from other episodes only.

    Returns:
        A number of neighbours, from 0 to k.

    Raises:
        ValueError: If the samples differ in number, hold NaN, are constant, or `k` leaves nothing to choose.

    Reference:
        `lcs_knn` of the code of Huh et al., 2024, arXiv 2405.07987; the paper does not describe it.

    Example:
        >>> x = torch.randn(50, 8)
        >>> float(lcs_knn(x, x, k=7))
        7.0
    """
    near_x, near_y = pair_neighbours(x, y, k, space, groups)
    return _mean(common_length(near_x.indices, near_y.indices))


def edit_distance_knn(
    x: Float[Tensor, "samples dim_x"],
    y: Float[Tensor, "samples dim_y"],
    k: int | tuple[int, int] = 10,
    *,
    space: Space | tuple[Space, Space] = RAW,
    groups: Int[Tensor, "samples"] | None = None,
) -> Scalar:
    """Measure how few edits turn the list of neighbours in one space into that in the other.

    1 - mean Levenshtein distance / k, in [0, 1]: 1 for equal lists, 0 where every place has to be changed.

    Args:
        x: One vector per sample.
        y: One vector per sample, in the same order.
        k: Number of neighbours, or one for each side (the distance is then divided by the larger).
        space: Normalisation and distance, or one for each side.
        groups: Episode of each sample; neighbours then come from other episodes only.

    Returns:
        The score (dimensionless).

    Raises:
        ValueError: If the samples differ in number, hold NaN, are constant, or `k` leaves nothing to choose.

    Reference:
        `edit_distance_knn` of the code of Huh et al., 2024, arXiv 2405.07987; the paper does not describe it.

    Example:
        >>> x = torch.randn(50, 8)
        >>> float(edit_distance_knn(x, x))
        1.0
    """
    near_x, near_y = pair_neighbours(x, y, k, space, groups)
    return _mean(kept_share(near_x.indices, near_y.indices))


def _mean(agreement: Float[Tensor, "samples"]) -> Scalar:
    return agreement.mean(dtype=torch.float64).float()
