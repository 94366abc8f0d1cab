"""Experiment 4: alignment against success rate."""

from collections.abc import Mapping

import numpy as np

from vlareg.callbacks.legend import add_legend, colour_of
from vlareg.evaluation import Summary
from vlareg.page import Picture, Section, Table, Text
from vlareg.page.figures import SMALL, panels
from vlareg.study.evaluations import Evaluations
from vlareg.study.measurements import Measurements
from vlareg.study.numbers import decimal, interval
from vlareg.study.rank_correlation import MIN_POLICIES, RankCorrelation, rank_correlation
from vlareg.study.targets import ARM, MAIN


def correlations(found: Measurements, evaluations: Evaluations) -> dict[tuple[str, str], RankCorrelation]:
    """Correlate the calibrated score of every place and target with the success rate, over the evaluated policies.

    Args:
        found: The scores.
        evaluations: The success rates.
    """
    rates = _rates(evaluations)
    return {
        (place, target): rank_correlation(
            [found.score(name, found.whole, place, target).calibrated for name in rates], [*rates.values()]
        )
        for place in found.places
        for target in MAIN
    }


def _rates(evaluations: Evaluations) -> dict[str, float]:
    return {name: summary.rate for name, summary in evaluations.of.items() if summary.rate is not None}


def success_section(
    found: Measurements, evaluations: Evaluations, correlated: Mapping[tuple[str, str], RankCorrelation]
) -> Section:
    """Compare alignment with success rates.

    Args:
        found: The scores.
        evaluations: The success rates.
        correlated: (place, target) -> correlation.
    """
    rates = _rates(evaluations)
    blocks: list[Text | Picture | Table] = []
    if rates:
        blocks = [_picture(found, evaluations), _table(found, evaluations), _correlations(correlated)]
    left_out = [f"{folder}: left out, {reason}." for folder, reason in evaluations.left_out.items()]
    return Section(
        "Alignment and success rate",
        "Do policies whose representation agrees more with actions succeed more often?",
        [_finding(rates, correlated), *left_out],
        blocks,
    )


def _finding(rates: Mapping[str, float], correlated: Mapping[tuple[str, str], RankCorrelation]) -> str:
    if not rates:
        return (
            "No evaluation of these policies was given: run `python eval_libero.py --checkpoint ...` for each and add "
            "`--evaluations FOLDER ...`."
        )
    if len(rates) < MIN_POLICIES:
        return (
            f"{len(rates)} policies were evaluated. With fewer than {MIN_POLICIES} no interval can be given, and a correlation "
            "without one would mean nothing: the points below are all that can be said."
        )
    clear = [f"{MAIN[target]} at {place}" for (place, target), c in correlated.items() if c.low > 0 or c.high < 0]
    said = f"the interval excludes 0 for {'; '.join(clear)}" if clear else "no interval excludes 0"
    return f"Over {len(rates)} policies {said} ({len(correlated)} correlations were looked at)."


def _picture(found: Measurements, evaluations: Evaluations) -> Picture:
    colours = colour_of([*found.policies])
    figure, rows = panels(len(MAIN), len(found.places), 2.4)
    for (target, words), row in zip(MAIN.items(), rows, strict=True):
        for place, panel in zip(found.places, row, strict=True):
            for name, rate in _rates(evaluations).items():
                at, colour = found.score(name, found.whole, place, target).calibrated, colours[name]
                panel.plot([at, at], [evaluations.of[name].low, evaluations.of[name].high], color=colour, lw=1.6)
                panel.plot(at, rate, "o", color=colour, markersize=6)
            panel.set_title(place, fontsize=SMALL + 0.5)
            panel.set_ylim(-0.03, 1.03)
            middle, span = sum(panel.get_xlim()) / 2, max(0.06, float(np.ptp(panel.get_xlim())))
            panel.set_xlim(middle - span / 2, middle + span / 2)
            panel.set_xlabel(f"calibrated score, {words}", fontsize=SMALL - 0.5)
        row[0].set_ylabel("success rate", fontsize=SMALL)
    add_legend(figure, [*found.policies], only=[*evaluations.of])
    return Picture(
        figure,
        "success rate (95 % Wilson interval) against alignment, a point per evaluated policy.",
        "that alignment causes success: training raises both.",
    )


def _table(found: Measurements, evaluations: Evaluations) -> Table:
    columns = ["policy", "successes", "rate", "95 % interval", *found.places]
    rows = []
    for name, summary in evaluations.of.items():
        scores = [found.score(name, found.whole, place, ARM).calibrated for place in found.places]
        rows.append([name, *_cells(summary), *map(decimal, scores)])
    return Table("Success rates beside calibrated scores against the arm's action", columns, rows)


def _cells(summary: Summary) -> list[str]:
    rate = "-" if summary.rate is None else decimal(summary.rate)
    return [f"{summary.successes} of {summary.episodes}", rate, interval(summary.low, summary.high)]


def _correlations(correlated: Mapping[tuple[str, str], RankCorrelation]) -> Table:
    rows = [
        [f"{place}, {MAIN[target]}", f"{c.n}", decimal(c.value), interval(c.low, c.high)]
        for (place, target), c in correlated.items()
    ]
    columns = ["place, target", "policies", "Spearman", "95 % interval"]
    return Table("Rank correlation of the calibrated score with the success rate", columns, rows, folded=True)
