"""How many dimensions a representation uses."""

import torch

from vlareg.functional.checks import check_embeddings
from vlareg.functional.precision import at_least_float32, full_precision
from vlareg.shapes import Embeddings, Scalar


def effective_rank(x: Embeddings, centre: bool = True) -> Scalar:
    r"""Measure over how many directions the samples spread, evenly weighted.

    $\exp\left(-\sum_i p_i \log p_i\right)$ with $p_i = \sigma_i / \sum_j \sigma_j$ over the singular values $\sigma$.

    Args:
        x: One vector per sample.
        centre: Subtract the mean first, without which a common offset counts as a direction.

    Returns:
        A number of dimensions, from 1 to min(samples, dim).

    Raises:
        ValueError: If `x` holds NaN or infinity, or is constant.

    Reference:
        Roy, Vetterli, "The effective rank: A measure of effective dimensionality", 2007, equation 3.

    Example:
        >>> round(float(effective_rank(torch.eye(4), centre=False)), 3)
        4.0
    """
    check_embeddings(x, "x")
    with full_precision(x):
        x = at_least_float32(x)
        values = torch.linalg.svdvals(x - x.mean(dim=0) if centre else x)
        share = values / values.sum()
        return torch.exp(torch.special.entr(share).sum())
