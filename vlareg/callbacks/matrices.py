"""Draw alignment scores as matrices: a row per extraction point, a column per target."""

from typing import Any

import matplotlib
import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from vlareg.callbacks.alignment_record import AlignmentRecord

CELL, SMALL = (0.5, 0.2), 8
"""Width and height of a cell (inches), and size of small letters (points)."""

CELLS_WITH_NUMBER = 160
"""In larger matrices only colours are drawn."""


def draw_matrices(first: AlignmentRecord, latest: AlignmentRecord) -> Figure:
    """Draw, per metric, the calibrated scores of two steps in one scale, and their change.

    Args:
        first: Scores to compare with.
        latest: Scores of the same points, targets and metrics.

    Raises:
        ValueError: If points, targets or metrics differ.
    """
    if not first.is_comparable(latest):
        raise ValueError("`first` and `latest` must have the same points, targets and metrics, but have not.")
    rows, columns = len(latest.scores), 1 if first.step == latest.step else 3
    width = 2.2 + columns * (CELL[0] * len(latest.targets) + 0.9)
    height = 1.1 + rows * (CELL[1] * len(latest.points) + 1.2)
    figure = Figure(figsize=(width, height), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    for metric, row in zip(latest.scores, panels, strict=True):
        _draw_metric(figure, list(row), metric, (first, latest))
    figure.suptitle(
        f"Alignment on {latest.samples} held-out frames of {latest.episodes} episodes\n"
        "calibrated scores: chance is 0, the largest possible 1",
        fontsize=SMALL + 1,
    )
    return figure


def _draw_metric(
    figure: Figure, panels: list[Axes], metric: str, records: tuple[AlignmentRecord, AlignmentRecord]
) -> None:
    before, now = (np.array(record.scores[metric]["calibrated"]) for record in records)
    largest = max(0.1, _largest(before), _largest(now))
    shown = [(f"step {record.step}", values) for record, values in zip(records, (before, now), strict=True)]
    shown = shown if len(panels) > 1 else shown[1:]
    for panel, (title, values) in zip(panels, shown, strict=False):
        image = _draw_matrix(panel, values, records[1], "viridis", (0.0, largest))
        panel.set_title(title, fontsize=SMALL)
    _add_scale(figure, image, panels[: len(shown)], records[1].metric_name(metric))
    if len(panels) > 1:
        most = max(0.02, _largest(abs(now - before)))
        image = _draw_matrix(panels[2], now - before, records[1], "RdBu_r", (-most, most))
        panels[2].set_title("change", fontsize=SMALL)
        _add_scale(figure, image, panels[2:], "difference")


def _largest(values: Float[np.ndarray, "points targets"]) -> float:
    return float(np.max(values[np.isfinite(values)], initial=0.0))


def _draw_matrix(
    panel: Axes,
    values: Float[np.ndarray, "points targets"],
    record: AlignmentRecord,
    colours: str,
    limits: tuple[float, float],
) -> Any:
    shades = matplotlib.colormaps[colours].with_extremes(bad="lightgrey")
    image = panel.imshow(values, cmap=shades, vmin=limits[0], vmax=limits[1], aspect="auto")
    panel.set_xticks(range(len(record.targets)), record.targets, rotation=40, ha="right", fontsize=SMALL - 1)
    panel.set_yticks(range(len(record.points)), record.points, fontsize=SMALL - 1)
    if values.size <= CELLS_WITH_NUMBER:
        for (i, j), value in np.ndenumerate(values):
            red, green, blue, _ = image.cmap(image.norm(value))
            dark = 0.3 * red + 0.6 * green + 0.1 * blue < 0.5
            text = f"{round(value, 2) + 0.0:.2f}" if np.isfinite(value) else "?"  # + 0.0 makes -0.00 0.00
            label = panel.text(j, i, text, ha="center", va="center", fontsize=6, color="white" if dark else "black")
            label.set_in_layout(False)
    return image


def _add_scale(figure: Figure, image: Any, panels: list[Axes], label: str) -> None:
    bar = figure.colorbar(image, ax=panels, fraction=0.05, pad=0.02, aspect=40)
    bar.set_label(label, fontsize=SMALL - 1)
    bar.ax.tick_params(labelsize=SMALL - 2)
