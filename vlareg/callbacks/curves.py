"""Figures over training steps: kept as JSON, drawn as PNG."""

import json
import math
from collections.abc import Mapping
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from vlareg.files import atomic_file

WIDTH, HEIGHT, COLUMNS = 4.2, 2.9, 3


class Curves:
    """Named quantities by optimizer step.

    Args:
        points: Name -> list of [step, value].
    """

    def __init__(self, points: dict[str, list[list[int | float]]] | None = None) -> None:
        self.points = points or {}

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """Append values; a step that is there already is not repeated."""
        for name, value in values.items():
            rows = self.points.setdefault(name, [])
            if not rows or rows[-1][0] != step:
                rows.append([step, value])

    def save(self, file: Path) -> None:
        """Write the points as JSON, NaN as null."""
        points = {
            name: [[step, value if math.isfinite(value) else None] for step, value in rows]
            for name, rows in self.points.items()
        }
        with atomic_file(file) as path:
            path.write_text(json.dumps(points, allow_nan=False))

    @classmethod
    def load(cls, file: str | Path) -> "Curves":
        """Read what `save` wrote."""
        points = json.loads(Path(file).read_text())
        return cls({name: [[step, math.nan if v is None else v] for step, v in rows] for name, rows in points.items()})


def draw_curves(runs: Mapping[str, Curves], file: Path, names: list[str] | None = None) -> None:
    """Draw one panel per quantity, one line per run; dashed what chance gives, where a run has `{quantity}/chance`.

    Args:
        runs: Name of the run -> its curves.
        file: PNG to write.
        names: Quantities to draw; by default the alignment scores of every run.
    """
    names = _scores(runs) if names is None else names
    rows = -(-len(names) // COLUMNS)
    figure = Figure(figsize=(WIDTH * min(COLUMNS, len(names)), HEIGHT * rows), layout="constrained")
    panels = figure.subplots(rows, min(COLUMNS, len(names)), squeeze=False).flat
    for panel, name in zip(panels, names, strict=False):
        for run, curves in runs.items():
            if name in curves.points:
                steps, values = zip(*curves.points[name], strict=True)
                (line,) = panel.plot(steps, values, marker=".", label=run)
            if f"{name}/chance" in curves.points:
                steps, values = zip(*curves.points[f"{name}/chance"], strict=True)
                panel.plot(steps, values, linestyle="--", linewidth=0.8, color=line.get_color())
        panel.set_title(_title(name), fontsize=8)
        panel.set_xlabel("optimizer steps", fontsize=8)
        panel.tick_params(labelsize=7)
        panel.grid(alpha=0.3)
    for panel in list(figure.axes)[len(names) :]:
        panel.set_axis_off()
    figure.axes[0].legend(fontsize=7)
    with atomic_file(file) as path:
        FigureCanvasAgg(figure).print_png(path)  # type: ignore[no-untyped-call]


def _scores(runs: Mapping[str, Curves]) -> list[str]:
    names = {name for curves in runs.values() for name in curves.points if name.startswith("alignment/")}
    return sorted(name for name in names if not name.endswith(("/chance", "/calibrated")))


def _title(name: str) -> str:
    """Shorten `alignment/llm.3.condition/proprio/cknna_k10_n192` to what tells panels apart."""
    return name.removeprefix("alignment/").replace("/", " · ")
