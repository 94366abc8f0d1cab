"""Experiment 5: the size of the policy."""

import math

from vlareg.callbacks.legend import add_legend, colour_of
from vlareg.page import Picture, Section, Table
from vlareg.page.figures import SMALL, panels
from vlareg.study.measurements import Measurements
from vlareg.study.numbers import count
from vlareg.study.targets import MAIN


def scale_section(found: Measurements) -> Section:
    """Compare alignment with the number of parameters.

    Args:
        found: The scores.
    """
    sizes = {name: found.policies[name].parameters["all"] for name in found.given}
    blocks: list[Picture | Table] = [_table(found)]
    if len(set(sizes.values())) > 1:
        blocks.insert(0, _picture(found, sizes))
    return Section(
        "Scale", "Do larger policies agree more with actions and states?", [_finding([*sizes.values()])], blocks
    )


def _finding(sizes: list[int]) -> str:
    different = sorted(set(sizes))
    if len(different) == 1:
        return f"All given policies have {count(different[0])} parameters, so nothing can be said about scale."
    return (
        f"The given policies have {len(different)} sizes, from {count(different[0])} to {count(different[-1])} parameters; they "
        "differ in data and training, too."
    )


def _picture(found: Measurements, sizes: dict[str, int]) -> Picture:
    figure, rows = panels(len(MAIN), len(found.places), 2.3)
    for (target, words), row in zip(MAIN.items(), rows, strict=True):
        for place, panel in zip(found.places, row, strict=True):
            for name, colour in colour_of([*found.policies]).items():
                if name in sizes:
                    score = found.score(name, found.whole, place, target)
                    if math.isfinite(score.value):
                        panel.plot([sizes[name]] * 2, [score.low, score.high], color=colour, lw=1.6)
                        panel.plot(sizes[name], score.value, "o", color=colour, markersize=6)
            panel.set_xscale("log")
            panel.set_title(place, fontsize=SMALL + 0.5)
            panel.set_xlabel("parameters", fontsize=SMALL)
        row[0].set_ylabel(f"mutual k-NN with\n{words}", fontsize=SMALL)
    add_legend(figure, [*found.policies], only=[*sizes])
    return Picture(
        figure,
        "score (95 % interval over episodes) of the last block of each part against the policy's size.",
        "an effect of size alone: policies of different sizes saw different data for different numbers of steps.",
    )


def _table(found: Measurements) -> Table:
    parts = list(found.policies[found.start].parameters)
    rows = [[name, *(count(found.policies[name].parameters.get(part, 0)) for part in parts)] for name in found.given]
    return Table("Parameters", ["policy", *(part.replace("_", " ") for part in parts)], rows)
