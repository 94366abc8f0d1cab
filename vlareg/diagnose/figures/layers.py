"""Effective rank and drift along the way through a policy."""

from collections.abc import Callable

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from vlareg.callbacks.legend import add_legend, colour_of
from vlareg.diagnose.drift import LayerScores
from vlareg.diagnose.estimate import Estimate
from vlareg.diagnose.figures.axis import label_layers, places
from vlareg.diagnose.findings import Findings
from vlareg.diagnose.layers import group_layers
from vlareg.page.figures import SMALL, panels

Get = Callable[[LayerScores], Estimate | None]

DENSE = 12
"""Layers of a part above which not all of them are labelled."""


def draw_layers(found: Findings) -> Figure:
    """Draw a row of panels for each quantity, a line per policy.

    Args:
        found: The numbers.
    """
    figure, rows = panels(3, 1, 2.2, share_y=False)
    quantities: dict[str, Get] = {
        "effective rank (directions)": lambda scores: scores.effective_rank,
        f"1 - CKA to {found.base}": lambda scores: scores.cka_drift,
        f"1 - CKNNA to {found.base}": lambda scores: scores.cknna_drift,
    }
    names = [*found.layers[found.base]]
    longest = max(map(len, group_layers(names).values()))
    for (panel,), (label, get) in zip(rows, quantities.items(), strict=True):
        _draw_lines(panel, found, get, names)
        label_layers(panel, names, every=1 + longest // DENSE)
        panel.set_ylabel(label, fontsize=SMALL)
        panel.set_ylim(0, None)
    add_legend(figure, found.names)
    return figure


def _draw_lines(panel: Axes, found: Findings, get: Get, names: list[str]) -> None:
    at, colours = places(names), colour_of(found.names)
    for number, policy in enumerate(found.names):
        shift = 0.08 * (number - (len(found.names) - 1) / 2)
        for part in group_layers(names).values():
            scores = {at[n] + shift: get(found.layers[policy][n]) for n in part if n in found.layers[policy]}
            known = {place: score for place, score in scores.items() if score is not None}
            low, high = [score.low for score in known.values()], [score.high for score in known.values()]
            panel.vlines([*known], low, high, color=colours[policy], lw=1.2, alpha=0.55)
            values = [score.value for score in known.values()]
            panel.plot([*known], values, color=colours[policy], marker="o", markersize=3.5, lw=1.5)
