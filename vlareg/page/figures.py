"""Empty figures in the page's style."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

WIDTH = 11.0
"""Width of a figure (inches)."""

SMALL = 8.5
"""Size of the words in a figure (points)."""

GREY = "#8b949e"
"""The colour of what stands in the background."""


def panels(rows: int, columns: int, height: float, *, share_y: bool = True) -> tuple[Figure, list[list[Axes]]]:
    """Return an empty figure with a grid of panels.

    Args:
        rows: Rows of panels.
        columns: Columns of panels.
        height: Height of a row (inches).
        share_y: Give all panels of a row one scale.
    """
    figure = Figure(figsize=(WIDTH, height * rows + 0.5), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False, sharey="row" if share_y else False)
    for panel in axes.flat:
        panel.grid(alpha=0.25, linewidth=0.6)
        panel.tick_params(labelsize=SMALL - 0.5, length=2)
        for side in ("top", "right"):
            panel.spines[side].set_visible(False)
    return figure, [list(row) for row in axes]
