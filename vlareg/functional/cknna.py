"""Alignment of two kernels over the neighbours that two spaces share."""

from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor

from vlareg.functional.local_kernel import Estimate, LocalKernel, local_kernel, shared_sum
from vlareg.functional.neighbours import pair_neighbours
from vlareg.functional.precision import full_precision
from vlareg.functional.space import RAW, Space, per_side
from vlareg.shapes import Scalar

Variant = Literal["reference", "paper"]


def cknna(
    x: Float[Tensor, "samples dim_x"],
    y: Float[Tensor, "samples dim_y"],
    k: int | tuple[int, int] = 10,
    unbiased: bool = True,
    variant: Variant = "reference",
    *,
    space: Space | tuple[Space, Space] = RAW,
    groups: Int[Tensor, "samples"] | None = None,
) -> Scalar:
    r"""Measure the centred kernel alignment of two spaces over the neighbours that they share.

    $S(K, L) / \sqrt{S(K, K)\,S(L, L)}$ for the Gram matrices $K = x x^\top$ and $L = y y^\top$ and the masks $M_K$, $M_L$
    of the k largest entries of each row, where

    - "reference", the published code: $S(K, L) = \mathrm{HSIC}(M_K M_L K, M_K M_L L)$, products entry by entry. Kernels are
      not centred before they are masked, and the mask is not symmetric; so the score is neither symmetric in x and y nor
      bounded by 1.
    - "paper": $S(K, L) = \sum_{ij} M_K M_L (K_{ij} - \bar K_i)(L_{ij} - \bar L_i)$ with row means over all samples; symmetric
      and in [-1, 1].

    The two do not order models alike. Unlike the published code there is no 1e-6 in the denominator, which would lower the
    score of small kernels.

    Args:
        x: One vector per sample.
        y: One vector per sample, in the same order.
        k: Number of neighbours (at least 2), or one for each side.
        unbiased: Use the unbiased HSIC and leave a sample out of its own neighbours. Without it ("reference" only) a sample
            is mostly its own neighbour, and independent data scores .19 to .67.
        variant: "reference" or "paper".
        space: Normalisation and distance, or one for each side.
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
    if variant not in ("reference", "paper"):
        raise ValueError(f"`variant` must be 'reference' or 'paper', but got {variant!r}.")
    if variant == "paper" and not unbiased:
        raise ValueError("`unbiased=False` is an option of `variant='reference'`, but `variant` is 'paper'.")
    if min(per_side(k)) < 2 or len(x) < 4:
        raise ValueError(f"CKNNA needs `k` >= 2 and at least 4 samples, but got k = {k} and {len(x)} samples.")
    near_x, near_y = pair_neighbours(x, y, k, space, groups, include_self=not unbiased)
    estimate: Estimate = "paper" if variant == "paper" else "unbiased" if unbiased else "biased"
    space_x, space_y = per_side(space)
    with torch.no_grad(), full_precision(x):
        a = local_kernel(x, near_x, space_x, row_centred=variant == "paper")
        b = local_kernel(y, near_y, space_y, row_centred=variant == "paper")
        return local_alignment(a, b, estimate).float()


def local_alignment(a: LocalKernel, b: LocalKernel, estimate: Estimate) -> Float[Tensor, "*batch"]:
    """Return CKNNA from the kernels' entries between neighbours, for every pair of the batch.

    Args:
        a: Entries of the first kernel.
        b: Entries of the second kernel.
        estimate: Kind of the sums: "unbiased" or "biased" HSIC, or "paper".

    Returns:
        Scores, NaN where a self-similarity is not positive.
    """
    return normalised(shared_sum(a, b, estimate), shared_sum(a, a, estimate), shared_sum(b, b, estimate))


def normalised(cross: Tensor, own_a: Tensor, own_b: Tensor) -> Tensor:
    """Divide a similarity by the root of both self-similarities.

    Args:
        cross: Similarities.
        own_a: Self-similarities of the first sides.
        own_b: Self-similarities of the second sides.

    Returns:
        Scores, NaN where a self-similarity is not positive: a product of two negatives would look like a score.
    """
    product = torch.where((own_a > 0) & (own_b > 0), own_a * own_b, torch.nan)
    return cross / product.sqrt()
