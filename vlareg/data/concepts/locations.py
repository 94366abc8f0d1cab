"""Places and offsets as tokens."""

import math
from collections.abc import Iterable

from vlareg.policies.openvla.mini import LOCATION_TOKENS

LOCATION_BINS = len(LOCATION_TOKENS)
REACH_M = 0.4
"""Offset along one axis at which the outermost location token starts to clip (m)."""


def location(x: float, y: float) -> str:
    """Return the two tokens of a point of the upright agentview picture.

    Args:
        x: From the left (fraction of the width).
        y: From the top (fraction of the height).

    Example:
        >>> location(0.0, 0.99)
        '<loc00><loc31>'
    """
    return "".join(_token(value * LOCATION_BINS) for value in (x, y))


def offset(difference: Iterable[float]) -> str:
    """Return the tokens of a vector (m), one per axis; the bins are narrow near zero (1.6 mm) and wide far away (5 cm).

    Example:
        >>> offset([0.0, -0.4, 0.1])
        '<loc16><loc00><loc24>'
    """
    half = LOCATION_BINS / 2
    return "".join(_token(half + math.copysign(math.sqrt(abs(d) / REACH_M), d) * half) for d in difference)


def _token(value: float) -> str:
    return LOCATION_TOKENS[min(max(math.floor(value), 0), LOCATION_BINS - 1)]
