"""Draw alignment scores over training steps."""

import math
import re
from collections.abc import Sequence

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from vlareg.callbacks.alignment_record import AlignmentRecord

WIDTH, HEIGHT, LEGEND, SMALL = 2.5, 2.2, 2.0, 8
"""Size of a panel and of the legend (inches), and of small letters (points)."""

Colours = dict[str, tuple[float, float, float, float]]
"""Extraction point -> red, green, blue and opacity, in [0, 1]."""

COLOUR_MAPS = ("Blues", "Oranges", "Greens", "Purples", "Reds", "YlOrBr", "PuRd", "BuGn", "YlGnBu")
LABELS_PER_INCH = 6


def draw_score_curves(records: Sequence[AlignmentRecord]) -> Figure:
    """Draw a row of panels per metric, a panel per target and a line per extraction point; chance is dashed.

    The panels of a row have one scale. Points that differ in numbers only (of blocks) have one colour, and deeper ones
    a darker one.

    Args:
        records: One per step; points and targets of the last one are drawn.
    """
    last = records[-1]
    rows, columns = len(last.scores), len(last.targets)
    figure = Figure(figsize=(WIDTH * columns + LEGEND, HEIGHT * rows + 0.5), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey="row")
    colours = _colours(last.points)
    for metric, row in zip(last.scores, panels, strict=True):
        row[0].set_ylabel(last.metric_name(metric), fontsize=SMALL)
        for target, panel in zip(last.targets, row, strict=True):
            _draw_panel(panel, records, metric, target, colours)
    for target, panel in zip(last.targets, panels[0], strict=True):
        panel.set_title(target, fontsize=SMALL + 1)
    for panel in panels[-1]:
        panel.set_xlabel("optimizer steps", fontsize=SMALL)
    figure.legend(
        handles=_legend(colours, int(LABELS_PER_INCH * HEIGHT * rows)),
        loc="outside right upper",
        fontsize=SMALL - 1,
        frameon=False,
    )
    figure.suptitle(f"Alignment on {last.samples} held-out frames of {last.episodes} episodes", fontsize=SMALL + 2)
    return figure


def _draw_panel(panel: Axes, records: Sequence[AlignmentRecord], metric: str, target: str, colours: Colours) -> None:
    steps = [record.step for record in records]
    for point, colour in colours.items():
        values = [record.value(metric, "score", point, target) for record in records]
        panel.plot(steps, values, color=colour, marker=".", markersize=4, linewidth=1.2)
        chance = [record.value(metric, "chance", point, target) for record in records]
        panel.plot(steps, chance, color="black", linestyle="--", linewidth=0.6)
    panel.grid(alpha=0.3)
    panel.tick_params(labelsize=SMALL - 1)


def _colours(points: Sequence[str]) -> Colours:
    """Give points that differ in numbers only one colour map, from light to dark."""
    families: dict[str, list[str]] = {}
    for point in points:
        families.setdefault(re.sub(r"\d+", "#", point), []).append(point)
    colours: Colours = {}
    for i, members in enumerate(families.values()):
        shades = matplotlib.colormaps[COLOUR_MAPS[i % len(COLOUR_MAPS)]]
        colours |= {point: shades(0.45 + 0.5 * (j + 0.5) / len(members)) for j, point in enumerate(members)}
    return {point: colours[point] for point in points}


def _legend(colours: Colours, limit: int) -> list[Line2D]:
    """Return the lines' labels, evenly chosen where there are too many, and that of chance."""
    stride = math.ceil(len(colours) / limit)
    lines = [Line2D([], [], color=colour, label=point) for point, colour in list(colours.items())[::stride]]
    return [*lines, Line2D([], [], color="black", linestyle="--", linewidth=0.6, label="chance")]
