"""Scores in figures: a dot in the policy's colour, chance as a tick, intervals as bars."""

import math
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from vlareg.callbacks.legend import colour_of
from vlareg.functional.chance import Score


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
