"""What scores of neighbours are by chance, in closed form."""

from fractions import Fraction
from typing import NamedTuple

import torch
from jaxtyping import Int
from torch import Tensor

from vlareg.functional.checks import check_k
from vlareg.functional.space import per_side


class Moments(NamedTuple):
    """Mean and variance of a score when samples are permuted (dimensionless).

    Args:
        mean: Expected score.
        variance: Its variance.
    """

    mean: float
    variance: float


def mutual_knn_chance(k: int | tuple[int, int], groups: Int[Tensor, "samples"]) -> float:
    r"""Return the expected `mutual_knn` of neighbours drawn at random from other groups.

    $\frac1N \sum_i \max(k_x, k_y) / (N - n_i)$ with $n_i$ the size of the group of sample i, since both lists share
    $k_x k_y / (N - n_i)$ neighbours on average and the score divides by the smaller k. Without groups this is
    k / (N - 1), and the exact mean over all permutations of the samples, whatever the two graphs of neighbours are.
    With groups, whole episodes permuted may score more on average than frames in any order: where both spaces follow
    the progress of an episode. That mean, `episode_permutations`', is then the one to compare with.

    Args:
        k: Number of neighbours, or one for each side.
        groups: Episode of each sample; `torch.arange(samples)` where any other sample may be a neighbour.

    Returns:
        The expected score, in (0, 1).

    Raises:
        ValueError: If `k` leaves nothing to choose.

    Example:
        >>> mutual_knn_chance(10, torch.arange(1001))
        0.01
        >>> mutual_knn_chance(19, torch.arange(1000) // 50)
        0.02
    """
    return float((max(per_side(k)) / _candidates(k, groups)).mean())


def cycle_knn_chance(k: int | tuple[int, int], groups: Int[Tensor, "samples"]) -> float:
    r"""Return the expected `cycle_knn` of neighbours drawn at random from other groups.

    $1 - \frac1N \sum_i (1 - q_i)^{k_y}$, with $q_i$ the chance that a sample of another group has i among its $k_x$
    neighbours, averaged over these samples. Without groups this is $1 - (1 - k / (N - 1))^k$. Spaces with hubs, which
    are neighbours of very many, score less by chance; `cycle_knn_mean` knows how much.

    Args:
        k: Number of neighbours, or one for each side.
        groups: Episode of each sample; `torch.arange(samples)` where any other sample may be a neighbour.

    Returns:
        The expected score, in (0, 1).

    Raises:
        ValueError: If `k` leaves nothing to choose.

    Example:
        >>> round(cycle_knn_chance(10, torch.arange(1024)), 4)
        0.0936
    """
    (k_x, k_y), candidates = per_side(k), _candidates(k, groups)
    found = 1 / candidates
    of_own_group = (len(groups) - candidates) * found
    q = k_x * (found.sum() - of_own_group) / candidates
    return float(1 - (1 - q).pow(k_y).mean())


def cycle_knn_mean(indices_x: Int[Tensor, "samples k_x"], k_y: int) -> float:
    r"""Return the exact mean of `cycle_knn` over all permutations of the samples.

    $1 - \frac1N \sum_i \binom{N - 1 - d_i}{k_y} / \binom{N - 1}{k_y}$, with $d_i$ the number of samples that have i
    among their neighbours in x: a sample returns unless its $k_y$ partners, any of the others, are none of these.

    Args:
        indices_x: Neighbours in the first space, from all other samples.
        k_y: Number of neighbours in the second space.

    Returns:
        The expected score, in [0, 1].

    Example:
        >>> star = torch.tensor([[1], [0], [0], [0]])  # sample 0 is everybody's neighbour
        >>> round(cycle_knn_mean(star, k_y=1), 4)
        0.3333
    """
    others = len(indices_x) - 1
    misses = (others - torch.bincount(indices_x.flatten(), minlength=others + 1)).double()
    steps = torch.arange(k_y, dtype=torch.float64, device=misses.device)
    none = ((misses[:, None] - steps) / (others - steps)).clamp(min=0).prod(dim=1)
    return float(1 - none.mean())


def mutual_knn_moments(indices_x: Int[Tensor, "samples k_x"], indices_y: Int[Tensor, "samples k_y"]) -> Moments:
    r"""Return the exact mean and variance of `mutual_knn` over all permutations of the samples.

    The score is the number of edges that two directed graphs share. Its second moment sums, over the four ways in
    which two edges can meet (the same one, each other's mirror image, in one sample, not at all), the pairs of edges
    that do so in the first graph times those in the second, over the places that they can take. What counts are edges,
    reciprocated edges and how often a sample is a neighbour: hubs, which many samples share, make the variance 1.3 to
    2.6 times that of independent draws for Gaussian features, and 33 times for inner products of 2 dimensions (N = 1000,
    k = 10). For samples that are independent of one another; frames of episodes are not.

    Args:
        indices_x: Neighbours in the first space, from all other samples.
        indices_y: Neighbours in the second space, from all other samples.

    Returns:
        Mean max(k_x, k_y) / (samples - 1), and variance.

    Raises:
        ValueError: If the numbers of samples differ, or there are fewer than 4.

    Reference:
        Mantel, "The detection of disease clustering and a generalized regression approach", Cancer Research 27 (1967),
        pp. 209-220; for graphs of neighbours: Friedman, Rafsky, "Graph-theoretic measures of multivariate association
        and prediction", Annals of Statistics 11 (1983), pp. 377-391.

    Example:
        >>> ring = (torch.arange(11)[:, None] + torch.tensor([1, 2])) % 11
        >>> mean, variance = mutual_knn_moments(ring, ring)
        >>> print(f"{mean:.3f} {variance:.5f}")
        0.200 0.00760
    """
    n = len(indices_x)
    if n != len(indices_y) or n < 4:
        raise ValueError(f"Moments need the same 4 or more samples on both sides, but got {n} and {len(indices_y)}.")
    x, y = _meetings(indices_x), _meetings(indices_y)
    # Whole numbers throughout: the variance is a small difference of large ones.
    mean = Fraction(x.same * y.same, n * (n - 1))
    square = Fraction(x.same * y.same + x.mirrored * y.mirrored, n * (n - 1))
    square += Fraction(x.source * y.source + x.target * y.target + 2 * x.chain * y.chain, n * (n - 1) * (n - 2))
    square += Fraction(x.apart * y.apart, n * (n - 1) * (n - 2) * (n - 3))
    unit = n * min(indices_x.shape[1], indices_y.shape[1])
    return Moments(float(mean / unit), float((square - mean**2) / unit**2))


class _Meetings(NamedTuple):
    """Numbers of ordered pairs of edges, by what they have in common."""

    same: int
    mirrored: int
    source: int
    target: int
    chain: int
    apart: int


def _meetings(indices: Int[Tensor, "samples k"]) -> _Meetings:
    (n, k), edges = indices.shape, indices.numel()
    own = torch.arange(n, device=indices.device)[:, None]
    mirrored = int(torch.isin(own * n + indices, indices * n + own).sum())
    source = edges * (k - 1)
    target = int(torch.bincount(indices.flatten(), minlength=n).square().sum()) - edges
    chain = edges * k - mirrored
    return _Meetings(edges, mirrored, source, target, chain, edges**2 - edges - mirrored - source - target - 2 * chain)


def _candidates(k: int | tuple[int, int], groups: Int[Tensor, "samples"]) -> Tensor:
    """Return how many samples may be neighbours of each."""
    check_k(max(per_side(k)), len(groups), groups)
    _, group = torch.unique(groups, return_inverse=True)
    return (len(groups) - torch.bincount(group)[group]).double()
