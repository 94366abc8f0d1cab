"""Linear probes as bars: by layer, and by category."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from vlareg.callbacks.legend import colour_of
from vlareg.diagnose.estimate import Estimate
from vlareg.diagnose.figures.axis import label_layers, places, spread
from vlareg.diagnose.findings import Findings
from vlareg.diagnose.layers import group_layers, middle_layer, short_name
from vlareg.page.figures import SMALL, panels

PIXELS, CHANCE = ("#111", ":"), ("#333", (0, (4, 3)))
"""Colour and style of the lines at what probes of the pixels reach, and at the share of the most frequent class."""

Line = tuple[str, str | tuple[int, tuple[int, int]]]


def draw_probes(found: Findings) -> Figure:
    """Draw the mean over the sets of pictures by layer, and every set at the LLM's middle block.

    Args:
        found: The numbers.
    """
    figure, ((by_layer,), (by_set,)) = panels(2, 1, 3.1, share_y=False)
    layers = [name for part in group_layers(found.probes[found.base]).values() for name in spread(part)]
    means = {name: {layer: _at(found, name, layer) for layer in layers} for name in found.names}
    _draw_bars(by_layer, means, places(layers), found.names)
    label_layers(by_layer, layers)
    chance = sum(found.chance.values()) / len(found.chance)
    for value, (colour, style) in ((chance, CHANCE), (found.pixels.mean.value, PIXELS)):
        by_layer.axhline(value, color=colour, lw=1.2, ls=style)
    _title(by_layer, f"mean over {len(found.chance)} set(s) of pictures, {found.pixels.mean.n} test pictures")
    layer = middle_layer(found.probes[found.base])
    at = {name: float(i) for i, name in enumerate(found.chance)}
    sets = {name: found.probes[name][layer].sets for name in found.names if layer in found.probes[name]}
    _draw_bars(by_set, sets, at, found.names)
    for name, place in at.items():
        for value, (colour, style) in ((found.chance[name], CHANCE), (found.pixels.sets[name].value, PIXELS)):
            by_set.plot([place - 0.45, place + 0.45], [value, value], color=colour, lw=1.2, ls=style, zorder=4)
    by_set.set_xticks([*at.values()], [*at])
    by_set.set_xlim(-0.6, len(at) - 0.4)
    _title(by_set, f"at the patches behind block {short_name(layer)} of the LLM")
    _add_legend(figure, found.names)
    return figure


def _at(found: Findings, name: str, layer: str) -> Estimate | None:
    scores = found.probes[name].get(layer)
    return scores.mean if scores else None


def _draw_bars(
    panel: Axes,
    scores: Mapping[str, Mapping[str, Estimate | None]],
    at: Mapping[str, float],
    names: Sequence[str],
) -> None:
    colours, width = colour_of(names), 0.8 / len(scores)
    for i, (name, row) in enumerate(scores.items()):
        shift = (i - (len(scores) - 1) / 2) * width
        for label, score in row.items():
            if score is not None:
                place = at[label] + shift
                panel.bar(place, score.value, width * 0.92, color=colours[name], zorder=2)
                panel.plot([place, place], [score.low, score.high], color="#222", lw=0.9, zorder=3)


def _add_legend(figure: Figure, names: Sequence[str]) -> None:
    bars = [Patch(color=colour, label=name) for name, colour in colour_of(names).items()]
    lines: dict[str, Line] = {"pixels": PIXELS, "chance": CHANCE}
    marks = [Line2D([], [], color=c, lw=1.2, ls=style, label=label) for label, (c, style) in lines.items()]
    handles = [*bars, *marks]
    figure.legend(handles=handles, loc="outside upper left", ncols=len(handles), fontsize=SMALL, frameon=False)


def _title(panel: Axes, words: str) -> None:
    panel.set_title(words, fontsize=SMALL + 0.5, loc="left")
    panel.set_ylabel("accuracy of a linear probe", fontsize=SMALL)
    panel.set_ylim(0, None)
