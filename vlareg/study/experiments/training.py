"""Experiment 1: random weights against pretrained against fine-tuned."""

from vlareg.callbacks.legend import add_legend
from vlareg.page import Picture, Section, Table
from vlareg.page.figures import SMALL, panels
from vlareg.study.charts import draw_depths
from vlareg.study.measurements import Measurements
from vlareg.study.numbers import SCORE_COLUMNS, decimal, listed, score_cells, with_interval
from vlareg.study.targets import MAIN


def training_section(found: Measurements) -> Section:
    """Compare what training made of the representation.

    Args:
        found: The scores.
    """
    return Section(
        "Random weights, pretrained, fine-tuned",
        "Do frames that a policy represents alike have like actions and like robot states, and did training bring that about?",
        [_compared(found, pair, best) for best in (False, True) for pair in found.pairs],
        [_picture(found), _summary(found), _scores(found), _best(found), _second(found)],
    )


def _compared(found: Measurements, pair: tuple[str, str], best: bool) -> str:
    verdicts: dict[str, list[str]] = {}
    for target, words in MAIN.items():
        for place in found.places:
            verdict = found.difference(pair, place, target, best).verdict
            verdicts.setdefault(verdict, []).append(f"{words} ({place})")
    clear = [f"{verdict} for {listed(verdicts[verdict])}" for verdict in ("higher", "lower") if verdict in verdicts]
    rest = sum(len(which) for verdict, which in verdicts.items() if verdict not in ("higher", "lower"))
    of = f"{rest} of {len(MAIN) * len(found.places)} comparisons"
    said = [*clear, f"no difference that these episodes could show in {of}"] if rest else clear
    return f"{pair[0]} against {pair[1]}, {'best' if best else 'last'} blocks: {'; '.join(said)}."


def _picture(found: Measurements) -> Picture:
    figure, rows = panels(len(MAIN), len(found.places), 2.3)
    for (target, words), row in zip(MAIN.items(), rows, strict=True):
        for place, panel in zip(found.places, row, strict=True):
            draw_depths(
                panel, {name: found.by_block(name, place, target) for name in found.policies}, [*found.policies]
            )
        row[0].set_ylabel(f"against {words}\ncalibrated score", fontsize=SMALL)
    for place, top, bottom in zip(found.places, rows[0], rows[-1], strict=True):
        top.set_title(place, fontsize=SMALL + 0.5)
        bottom.set_xlabel("block", fontsize=SMALL)
    add_legend(figure, [*found.policies])
    return Picture(
        figure,
        "mutual k-NN, calibrated (0 is chance, dashed; 1 would be perfect), of each block of each policy with the arm's current "
        "action (top) and with the robot's state (bottom), on held-out frames of all tasks. Bars are 95 % intervals over "
        "episodes of each score alone; since all policies see the same episodes, differences are surer than these bars "
        "(table).",
        "that the policy uses what it represents: the demonstrated action is a function of what the picture shows, so any "
        "encoder that keeps the picture keeps the action. The grey line says how much of it takes no training at all.",
    )


def _summary(found: Measurements) -> Table:
    rows: list[list[str]] = []
    for best, block in ((False, "last block"), (True, "best block")):
        for target, words in MAIN.items():
            rows.append([f"{block}, against {words}"])
            for place in found.places:
                scores = [found.best(name, place, target) for name in found.policies]
                if not best:
                    scores = [found.score(name, found.whole, place, target) for name in found.policies]
                differences = [found.difference(pair, place, target, best) for pair in found.pairs]
                cells = [with_interval(d.value, d.low, d.high) for d in differences]
                rows.append([place, *(decimal(score.calibrated) for score in scores), *cells])
    columns = ["", *found.policies, *(f"{name} - {reference}" for name, reference in found.pairs)]
    return Table("Calibrated scores, and differences on the same frames (95 % intervals)", columns, rows)


def _scores(found: Measurements) -> Table:
    rows: list[list[str]] = []
    for target, words in MAIN.items():
        for place in found.places:
            rows.append([f"{place}, against {words}"])
            rows += [[name, *score_cells(found.score(name, found.whole, place, target))] for name in found.policies]
    return Table("All numbers of the last block of each part", ["policy", *SCORE_COLUMNS], rows, folded=True)


def _best(found: Measurements) -> Table:
    rows: list[list[str]] = []
    for target, words in MAIN.items():
        for place in found.places:
            rows.append([f"{place}, against {words}"])
            rows += [[name, *score_cells(found.best(name, place, target))] for name in found.policies]
    title = "The best block of each part; chance is that of the best block, too, or choosing would look like alignment"
    return Table(title, ["policy", *SCORE_COLUMNS], rows, folded=True)


def _second(found: Measurements) -> Table:
    rows: list[list[str]] = []
    for target, words in MAIN.items():
        for place in found.places:
            rows.append([f"{place}, against {words}"])
            for name, grid in found.second.items():
                rows.append([name, *score_cells(grid.score([found.policies[name].places[place]], target))])
    return Table("The same last blocks by CKNNA, another metric", ["policy", *SCORE_COLUMNS], rows, folded=True)
