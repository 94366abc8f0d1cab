"""Find something by the name that somebody typed."""

import difflib
from collections.abc import Mapping
from typing import TypeVar

T = TypeVar("T")


def look_up(argument: str, name: str, known: Mapping[str, T]) -> T:
    """Return what has a name.

    Args:
        argument: Name of the argument, for the message.
        name: What was given.
        known: Name -> thing.

    Raises:
        ValueError: If there is nothing of that name; the message lists what there is, and names the nearest.

    Example:
        >>> look_up("fruit", "aple", {"apple": 1, "pear": 2})
        Traceback (most recent call last):
        ValueError: `fruit` must be one of apple, pear, but got 'aple'. Did you mean apple?
    """
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise ValueError(f"`{argument}` must be one of {', '.join(known)}, but got {name!r}.{hint}")
    return known[name]
