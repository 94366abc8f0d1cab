"""Experiment 7: instructions against a sentence encoder."""

from collections.abc import Mapping

from vlareg.callbacks.legend import add_legend
from vlareg.page import Picture, Section, Table
from vlareg.page.figures import SMALL, panels
from vlareg.study.charts import draw_scores
from vlareg.study.language import LanguageScores
from vlareg.study.numbers import SCORE_COLUMNS, decimal, score_cells

Scores = Mapping[str, Mapping[str, LanguageScores]]


def language_section(scores: Scores, sentences: int) -> Section:
    """Compare policies' representations of instructions with a sentence encoder's.

    Args:
        scores: Policy -> representation -> scores.
        sentences: Number of instructions; 0 if the experiment was left out.
    """
    title, question = (
        "Language",
        (
            "Does a policy arrange instructions as a sentence encoder does (all-MiniLM-L6-v2): can an instruction be found among "
            "others after a rotation that was fitted on other instructions?"
        ),
    )
    if not sentences:
        return Section(title, question, ["Left out by `--language false`."], [])
    return Section(
        title,
        question,
        _findings(scores),
        [_picture(scores, sentences), _table(scores, sentences)],
    )


def _findings(scores: Scores) -> list[str]:
    said = []
    for place in next(iter(scores.values())):
        found = {name: parts[place].precision for name, parts in scores.items()}
        chance = decimal(max(score.chance for score in found.values()))
        numbers = ", ".join(f"{name} {decimal(score.value)}" for name, score in found.items())
        k = next(iter(found.values())).k
        said.append(f"precision@{k}, {place}: {numbers} (chance {chance}).")
    return said


def _picture(scores: Scores, sentences: int) -> Picture:
    figure, (row,) = panels(1, 2, 2.7, share_y=False)
    places = list(next(iter(scores.values())))
    for panel, kind in zip(row, ("precision", "explained"), strict=True):
        by_policy = {name: [getattr(parts[place], kind) for place in places] for name, parts in scores.items()}
        draw_scores(panel, by_policy, [place.replace(" at ", "\nat ") for place in places], [*scores])
    k = next(iter(next(iter(scores.values())).values())).precision.k
    row[0].set_ylabel(f"precision@{k}, held out", fontsize=SMALL)
    row[1].set_ylabel("variance explained, held out\n(1 - Procrustes disparity)", fontsize=SMALL)
    add_legend(figure, [*scores], chance="random baseline (instructions exchanged)")
    found = "the nearest" if k == 1 else f"among the {k} nearest"
    return Picture(
        figure,
        f"on {sentences} instructions of all suites, in five parts: how often an instruction is {found} of its part "
        "(left), and how much of the sentence encoder's variance the map explains (right), with 95 % intervals.",
        "understanding: instructions share words, and an untrained policy's embeddings are a random code for words, so the grey "
        "dots are what common words alone give. Only what lies above them was learned.",
    )


def _table(scores: Scores, sentences: int) -> Table:
    rows: list[list[str]] = []
    for name, parts in scores.items():
        rows.append([name])
        for place, score in parts.items():
            rows.append([f"{place}: precision@{score.precision.k}", *score_cells(score.precision)])
            rows.append([f"{place}: variance explained", *score_cells(score.explained)])
    return Table(f"Held-out scores on {sentences} instructions", ["", *SCORE_COLUMNS], rows, folded=True)
