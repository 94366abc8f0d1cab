"""The figures of a report."""

from collections.abc import Sequence

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from vlareg.evaluation.records import EpisodeRecord
from vlareg.evaluation.shared_words import shared_words
from vlareg.evaluation.success_curve import SuccessCurve, success_curve
from vlareg.evaluation.summary import Summary
from vlareg.page.figures import GREY, SMALL, panels

_FEW = 10  # tasks that can be told apart by their colours
_LONG = 60  # characters of an instruction that fit beside a figure


def draw_tasks(summary: Summary) -> Figure:
    """Draw the success rate of each task with its Wilson interval, and that of all episodes as a line.

    Args:
        summary: The success rates.
    """
    figure, [[panel]] = panels(1, 1, height=0.4 + 0.27 * len(summary.tasks))
    for place, task in enumerate(summary.tasks):
        panel.plot([task.low, task.high], [place, place], color=_colour(0), lw=1.8, solid_capstyle="butt")
        if task.rate is not None:
            panel.plot(task.rate, place, "o", color=_colour(0), markersize=5)
    if summary.rate is not None:
        panel.axvline(summary.rate, color=GREY, lw=1.2, ls=(0, (4, 3)))
    several = len(summary.suites) > 1
    labels = [f"{task.suite} " * several + f"{task.task}  {_short(task.instruction)}" for task in summary.tasks]
    panel.set_yticks(range(len(labels)), labels)
    panel.set_ylim(len(labels) - 0.4, -0.6)
    panel.set_xlim(-0.02, 1.02)
    panel.set_xlabel("success rate", fontsize=SMALL)
    return figure


def draw_curves(records: Sequence[EpisodeRecord]) -> Figure:
    """Draw success against the steps allowed, on the left for each suite, on the right for each task.

    Args:
        records: The episodes; at least one has an outcome.
    """
    figure, [[left, right]] = panels(1, 2, height=3.2)
    suites: dict[str, list[EpisodeRecord]] = {}
    tasks: dict[tuple[str, int], list[EpisodeRecord]] = {}
    for record in sorted(records, key=lambda record: record.identity):
        if record.success is not None:
            suites.setdefault(record.suite, []).append(record)
            tasks.setdefault((record.suite, record.task), []).append(record)
    for place, (suite, group) in enumerate(suites.items()):
        _draw_curve(left, success_curve(group), _colour(place), suite, band=True)
    limits = {suite: max(record.steps for record in group) for suite, group in suites.items()}
    few = len(tasks) <= _FEW
    for place, ((suite, task), group) in enumerate(tasks.items()):
        label = f"{task}  {_short(shared_words(record.instruction for record in group))}"
        _draw_curve(right, success_curve(group, limits[suite]), _colour(place) if few else GREY, label)
    for panel, title in ((left, "all tasks"), (right, "each task")):
        panel.set_title(title, fontsize=SMALL + 0.5)
        panel.set_xlabel("environment steps allowed", fontsize=SMALL)
        panel.set_ylim(-0.02, 1.02)
    left.set_ylabel("success rate", fontsize=SMALL)
    left.legend(fontsize=SMALL, frameon=False, loc="upper left")
    if few:
        figure.legend(
            *right.get_legend_handles_labels(), loc="outside lower right", ncols=2, fontsize=SMALL, frameon=False
        )
    return figure


def _draw_curve(panel: Axes, curve: SuccessCurve, colour: str, label: str, band: bool = False) -> None:
    panel.step(curve.steps, curve.rate, where="post", color=colour, lw=1.5, label=label)
    if band:
        panel.fill_between(curve.steps, curve.low, curve.high, step="post", color=colour, alpha=0.15, lw=0)


def _colour(place: int) -> str:
    return matplotlib.colors.to_hex(matplotlib.colormaps["tab10"](place % 10))


def _short(words: str) -> str:
    return words if len(words) <= _LONG else words[: _LONG - 1] + "…"
