"""Sort names by the numbers in them."""

import re


def natural(name: str) -> list[int | str]:
    """Return a key that sorts numbers within names as numbers.

    Example:
        >>> sorted(["demo_10", "demo_2"], key=natural)
        ['demo_2', 'demo_10']
    """
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]
