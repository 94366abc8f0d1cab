"""Tell policies apart in a figure: a colour for each, grey for untrained weights."""

from collections.abc import Sequence

import matplotlib
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from vlareg.evaluation.subjects import RANDOM_NAME
from vlareg.page.figures import GREY, SMALL


def colour_of(names: Sequence[str]) -> dict[str, str]:
    """Return a colour for each policy; grey for untrained weights.

    Args:
        names: Names of the policies.

    Example:
        >>> list(colour_of(["random weights", "a", "b"]).values())
        ['#8b949e', '#1f77b4', '#ff7f0e']
    """
    trained = [name for name in names if name != RANDOM_NAME]
    shades = matplotlib.colormaps["tab10"]
    colours = {name: matplotlib.colors.to_hex(shades(i % 10)) for i, name in enumerate(trained)}
    return {name: colours.get(name, GREY) for name in names}


def add_legend(figure: Figure, names: Sequence[str], *, only: Sequence[str] | None = None, chance: str = "") -> None:
    """Say above the panels which colour is which policy.

    Args:
        figure: The figure.
        names: Names of all policies, for the colours.
        only: Names of those that are drawn; all by default.
        chance: What the mark of chance is called; nothing leaves it out.
    """
    drawn = {name: colour for name, colour in colour_of(names).items() if only is None or name in only}
    marks = [Line2D([], [], color=c, marker="o", markersize=5, lw=1.8, label=name) for name, c in drawn.items()]
    if chance:
        marks.append(Line2D([], [], color="#333", lw=1.2, label=chance))
    figure.legend(handles=marks, loc="outside upper left", ncols=len(marks), fontsize=SMALL, frameon=False)
