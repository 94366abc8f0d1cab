"""Figures in one style: a colour per policy, chance as a grey tick, intervals as bars."""

import math
from collections.abc import Mapping, Sequence

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from vlareg.functional.chance import Score
from vlareg.study.subjects import RANDOM_NAME

WIDTH = 11.0
"""Width of a figure (inches)."""

SMALL, GREY = 8.5, "#8b949e"


def colour_of(names: Sequence[str]) -> dict[str, str]:
    """Return a colour for each policy; grey for untrained weights.

    Args:
        names: Names of the policies.
    """
    trained = [name for name in names if name != RANDOM_NAME]
    shades = matplotlib.colormaps["tab10"]
    colours = {name: matplotlib.colors.to_hex(shades(i % 10)) for i, name in enumerate(trained)}
    return {name: colours.get(name, GREY) for name in names}


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


def draw_scores(
    panel: Axes,
    scores: Mapping[str, Sequence[Score]],
    labels: Sequence[str],
    names: Sequence[str],
    upright: bool = True,
) -> None:
    """Draw a dot with its interval for each policy and label, and a tick where chance is.

    Args:
        panel: Where to draw.
        scores: Policy -> a score per label.
        labels: Names of what is compared.
        names: Names of all policies of the study, for the colours.
        upright: Scores on the vertical axis, labels below; else the labels stand in rows.
    """
    colours, step = colour_of(names), 0.7 / max(1, len(scores))
    for i, (name, row) in enumerate(scores.items()):
        for j, score in enumerate(row):
            at = j + (i - (len(scores) - 1) / 2) * step
            _draw_score(panel, score, at, step, colours[name], upright)
    ticks, limits = (panel.set_xticks, panel.set_xlim) if upright else (panel.set_yticks, panel.set_ylim)
    ticks(range(len(labels)), labels)
    limits(-0.6, len(labels) - 0.4)
    if not upright:
        panel.invert_yaxis()


def _draw_score(panel: Axes, score: Score, at: float, step: float, colour: str, upright: bool) -> None:
    if not math.isfinite(score.value):
        return
    values, chance = ([score.low, score.high], [at, at]), ([score.chance] * 2, [at - step * 0.42, at + step * 0.42])
    for (along, across), shade, width in ((values, colour, 1.8), (chance, "#333", 1.2)):
        panel.plot(*((across, along) if upright else (along, across)), color=shade, lw=width, solid_capstyle="butt")
    panel.plot(*((at, score.value) if upright else (score.value, at)), "o", color=colour, markersize=5)


def draw_depths(panel: Axes, scores: Mapping[str, Sequence[Score]], names: Sequence[str]) -> None:
    """Draw calibrated scores by block, a line with its intervals per policy.

    Args:
        panel: Where to draw.
        scores: Policy -> a score per block, the first block first.
        names: Names of all policies of the study, for the colours.
    """
    colours = colour_of(names)
    for i, (name, rows) in enumerate(scores.items()):
        at = [block + 0.09 * (i - (len(scores) - 1) / 2) for block in range(len(rows))]
        low, high = ([_calibrated(score, end) for score in rows] for end in ("low", "high"))
        panel.vlines(at, low, high, color=colours[name], lw=1.2, alpha=0.55)
        panel.plot(at, [score.calibrated for score in rows], color=colours[name], marker="o", markersize=3.5, lw=1.5)
    panel.axhline(0, color="#333", lw=1, ls=(0, (4, 3)))
    panel.xaxis.set_major_locator(MaxNLocator(integer=True))


def _calibrated(score: Score, end: str) -> float:
    return (float(getattr(score, end)) - score.chance) / (score.best - score.chance)


def add_legend(figure: Figure, names: Sequence[str], *, only: Sequence[str] | None = None, chance: str = "") -> None:
    """Say above the panels which colour is which policy.

    Args:
        figure: The figure.
        names: Names of all policies of the study, for the colours.
        only: Names of those that are drawn; all by default.
        chance: What the mark of chance is called; nothing leaves it out.
    """
    drawn = {name: colour for name, colour in colour_of(names).items() if only is None or name in only}
    marks = [Line2D([], [], color=c, marker="o", markersize=5, lw=1.8, label=name) for name, c in drawn.items()]
    if chance:
        marks.append(Line2D([], [], color="#333", lw=1.2, label=chance))
    figure.legend(handles=marks, loc="outside upper left", ncols=len(marks), fontsize=SMALL, frameon=False)
