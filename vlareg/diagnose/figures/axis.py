"""The axis that runs through a policy, part by part."""

from collections.abc import Sequence

from matplotlib.axes import Axes

from vlareg.diagnose.layers import group_layers, short_name
from vlareg.page.figures import SMALL

MOST = 6
"""Most layers of a part that are drawn as bars or panels; the numbers of all of them are in the JSON."""

GAP = 0.8
"""Space between two parts (layers)."""


def spread(items: Sequence[str], most: int = MOST) -> list[str]:
    """Return the first item, the last one, and evenly spaced ones between them.

    Args:
        items: At least one.
        most: How many at most (> 1).

    Example:
        >>> spread("abcdefghi", 3), spread("ab", 3)
        (['a', 'e', 'i'], ['a', 'b'])
    """
    if len(items) <= most:
        return list(items)
    return [items[round(i * (len(items) - 1) / (most - 1))] for i in range(most)]


def places(names: Sequence[str]) -> dict[str, float]:
    """Return where layers stand on the axis, the parts of the policy apart.

    Args:
        names: The layers.
    """
    found, at = {}, 0.0
    for layers in group_layers(names).values():
        for name in layers:
            found[name] = at
            at += 1
        at += GAP
    return found


def label_layers(panel: Axes, names: Sequence[str], *, every: int = 1) -> None:
    """Write layers below the axis, and below them the parts that they belong to.

    Args:
        panel: Where to write.
        names: The layers.
        every: Label every so many layers of a part.
    """
    at = places(names)
    groups = group_layers(names)
    labelled = [name for layers in groups.values() for name in layers[::every]]
    panel.set_xticks([at[name] for name in labelled], [short_name(name) for name in labelled], fontsize=SMALL - 1)
    for label, layers in groups.items():
        middle = (at[layers[0]] + at[layers[-1]]) / 2
        text = "" if [short_name(layer) for layer in layers] == ["out"] else f"{label}, block"
        panel.text(
            middle, -0.13, text or label, transform=panel.get_xaxis_transform(), ha="center", va="top", fontsize=SMALL
        )
    panel.set_xlim(-0.7, max(at.values()) + 0.7)
