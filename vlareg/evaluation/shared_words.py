"""A task in words, where its episodes are told different things."""

from collections.abc import Iterable, Sequence


def shared_words(instructions: Iterable[str]) -> str:
    """Return what the instructions of a task's episodes have in common, with "…" for the rest.

    Where they do not begin alike, as paraphrases, the first one stands for all.

    Args:
        instructions: At least one.

    Example:
        >>> shared_words(["go to the plate", "go to the plate"])
        'go to the plate'
        >>> shared_words(["show an odd number", "show an even number"])
        'show an … number'
        >>> shared_words(["put it down", "lay it down"])
        'put it down'
    """
    first, *others = (instruction.split() for instruction in dict.fromkeys(instructions))
    if not others:
        return " ".join(first)
    start = min(_length_in_common(first, other) for other in others)
    rest = [words[start:][::-1] for words in (first, *others)]
    end = min(_length_in_common(rest[0], other) for other in rest[1:])
    return " ".join([*first[:start], "…", *first[len(first) - end :]] if start else first)


def _length_in_common(a: Sequence[str], b: Sequence[str]) -> int:
    pairs = enumerate(zip(a, b, strict=False))
    return next((place for place, (one, other) in pairs if one != other), min(len(a), len(b)))
