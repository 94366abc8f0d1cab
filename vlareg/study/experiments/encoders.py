"""Experiment 2: frozen against unfrozen encoders."""

from collections.abc import Mapping

from vlareg.callbacks.legend import add_legend
from vlareg.functional.chance import Score
from vlareg.page import Picture, Section, Table, Text
from vlareg.page.figures import SMALL, panels
from vlareg.study.charts import draw_depths
from vlareg.study.encoder_weights import WeightChange
from vlareg.study.measurements import Measurements
from vlareg.study.numbers import SCORE_COLUMNS, decimal, listed, score_cells, with_interval
from vlareg.study.targets import MAIN

Drift = Mapping[str, Mapping[str, list[Score]]]


def encoders_section(found: Measurements, changes: Mapping[str, WeightChange], drift: Drift) -> Section:
    """Say whose encoders were trained, and what that did to them.

    Args:
        found: The scores.
        changes: Given policy after the start -> change of its encoders' weights.
        drift: Policy -> encoder's place -> how much each block shares with the start's.
    """
    blocks: list[Text | Picture | Table] = [_weights(found, changes)] if changes else []
    blocks += [_picture(found, drift), _shared(drift)] if drift else []
    blocks += [_alignment(found, changes)] if changes else []
    return Section(
        "Frozen and unfrozen encoders",
        "Which policies' vision encoders were trained, how far did they move, and does an encoder that moved agree better "
        "with actions?",
        [*_compared(changes), *_moved(found, drift)],
        blocks,
    )


def _compared(changes: Mapping[str, WeightChange]) -> list[str]:
    frozen, changed = ([name for name, c in changes.items() if c.verdict == kind] for kind in ("frozen", "changed"))
    if not changes:
        return ["Only one policy is given, so there is nothing to compare: give a fine-tuned one beside its start."]
    said = [f"{listed(frozen)} kept the start's encoders in every bit"] if frozen else []
    said += [f"{listed(changed)} changed the encoders"] if changed else []
    if frozen and changed:
        return [f"{'; '.join(said)}."]
    other = "frozen" if changed else "unfrozen"
    return [
        f"{'; '.join(said)}. No policy fine-tuned with {other} encoders is given, so the two ways are not compared here."
    ]


def _moved(found: Measurements, drift: Drift) -> list[str]:
    shares = {
        name: listed([f"{decimal(scores[-1].calibrated)} in {place}" for place, scores in places.items()])
        for name, places in drift.items()
    }
    said = "; ".join(f"{name} {share}" for name, share in shares.items())
    return [f"Shared with {found.start}'s encoders (last block, calibrated; 1 is no drift): {said}."] if said else []


def _weights(found: Measurements, changes: Mapping[str, WeightChange]) -> Table:
    rows = [
        [name, change.verdict, f"{change.tensors}", f"{change.changed}", f"{change.relative:.2g}"]
        for name, change in changes.items()
    ]
    columns = ["policy", "encoders", "tensors", "changed", "norm of the change / norm"]
    return Table(f"Weights of the vision encoders against {found.start}'s", columns, rows)


def _picture(found: Measurements, drift: Drift) -> Picture:
    places = list(next(iter(drift.values())))
    figure, (row,) = panels(1, len(places), 2.5)
    for place, panel in zip(places, row, strict=True):
        draw_depths(panel, {name: scores[place] for name, scores in drift.items()}, [*found.policies])
        panel.set_title(place, fontsize=SMALL + 0.5)
        panel.set_xlabel("block", fontsize=SMALL)
    row[0].set_ylabel(f"shared with {found.start}\ncalibrated score", fontsize=SMALL)
    add_legend(figure, [*found.policies], only=[*drift])
    return Picture(
        figure,
        f"how much of what {found.start}'s encoders see alike a policy's encoders still see alike (mutual k-NN of the same block "
        "in both, calibrated; 1 is no drift, dashed is chance). Untrained encoders share much of it, since pictures that are "
        "nearly equal are near one another in any encoder.",
        "whether drift is good or bad, nor what was forgotten about pictures that are not in this data.",
    )


def _shared(drift: Drift) -> Table:
    rows: list[list[str]] = []
    for name, places in drift.items():
        for place, scores in places.items():
            rows.append([f"{name}, {place}"])
            rows += [[f"block {i}", *score_cells(score)] for i, score in enumerate(scores)]
    return Table("Neighbours shared with the start, by block", ["", *SCORE_COLUMNS], rows, folded=True)


def _alignment(found: Measurements, changes: Mapping[str, WeightChange]) -> Table:
    rows: list[list[str]] = []
    for target, words in MAIN.items():
        rows.append([f"against {words}"])
        for place in (place for place in found.places if place.startswith("encoder")):
            for name, change in changes.items():
                scores = [decimal(found.score(n, found.whole, place, target).calibrated) for n in (found.start, name)]
                difference = found.difference((name, found.start), place, target)
                cells = [*scores, with_interval(difference.value, difference.low, difference.high)]
                rows.append([f"{place}, {name}", change.verdict, *cells])
    columns = ["encoder, policy", "encoders", found.start, "policy", "difference (95 % interval)"]
    title = f"Calibrated scores of the encoders' last blocks: {found.start}'s are the frozen ones"
    return Table(title, columns, rows)
