"""A share of the readable tokens."""

from jaxtyping import Int
from torch import Tensor

from vlareg.shapes import TokenMask


def check_fraction(fraction: float) -> float:
    """Return the fraction.

    Args:
        fraction: Share of the tokens.

    Raises:
        ValueError: If it is not between 0 and 1.
    """
    if not 0 < fraction < 1:
        raise ValueError(f"`fraction` must be > 0 and < 1, but got {fraction}.")
    return fraction


def cut_counts(mask: TokenMask, fraction: float) -> Int[Tensor, "batch"]:
    """Return how many tokens of each sample are cut: at least one, and never all of several.

    Args:
        mask: True at readable tokens.
        fraction: Share of the readable tokens.
    """
    readable = mask.sum(dim=1)
    return (readable * fraction).round().long().clamp(min=1).minimum((readable - 1).clamp(min=1))
