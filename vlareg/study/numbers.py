"""How numbers are written."""

import math
from collections.abc import Sequence

from vlareg.functional.chance import Score

SCORE_COLUMNS = ("score", "95 % interval", "chance", "calibrated", "z", "p")


def score_cells(score: Score) -> list[str]:
    """Return a score as cells of `SCORE_COLUMNS`.

    Args:
        score: The score.

    Example:
        >>> score_cells(Score("a", 10, 100, 10, 0.2, 0.1, 4.0, 0.005, 0.15, 0.25))
        ['.200', '.150 to .250', '.100', '.111', '4.0', '.005']
    """
    z = f"{score.z:.1f}" if math.isfinite(score.z) else "-"
    parts = [score.value, score.chance, score.calibrated, score.p]
    value, chance, calibrated, p = (decimal(part) for part in parts)
    return [value, interval(score.low, score.high), chance, calibrated, z, p]


def decimal(value: float) -> str:
    """Write a number of about 0 to 1 with three digits, a dash if it is not known.

    Args:
        value: The number.

    Example:
        >>> decimal(0.12345), decimal(-0.5), decimal(1.0), decimal(float("nan"))
        ('.123', '-.500', '1.000', '-')
    """
    if not math.isfinite(value):
        return "-"
    text = f"{value:.3f}".replace("-0.000", "0.000")
    return text.replace("0.", ".", 1) if abs(float(text)) < 1 else text


def with_interval(value: float, low: float, high: float) -> str:
    """Write a number and its interval.

    Args:
        value: The number.
        low: Lower end.
        high: Upper end.

    Example:
        >>> with_interval(0.1, 0.05, 0.15), with_interval(0.1, float("nan"), float("nan"))
        ('.100 (.050 to .150)', '.100')
    """
    return f"{decimal(value)} ({interval(low, high)})" if math.isfinite(low) else decimal(value)


def interval(low: float, high: float) -> str:
    """Write an interval.

    Args:
        low: Lower end.
        high: Upper end.
    """
    return "-" if not (math.isfinite(low) and math.isfinite(high)) else f"{decimal(low)} to {decimal(high)}"


def listed(words: Sequence[str]) -> str:
    """Join words as in a sentence.

    Args:
        words: At least one.

    Example:
        >>> listed(["a"]), listed(["a", "b", "c"])
        ('a', 'a, b and c')
    """
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def count(number: int) -> str:
    """Write a large number.

    Args:
        number: How many.

    Example:
        >>> count(5_123_456), count(7_541_237_184), count(1500)
        ('5.1 million', '7.5 billion', '1,500')
    """
    for size, word in ((1e9, "billion"), (1e6, "million")):
        if number >= size:
            return f"{number / size:.1f} {word}"
    return f"{number:,}"
