"""Experiment 6: what an action is compared as."""

from vlareg.callbacks.legend import add_legend
from vlareg.page import Picture, Section, Table
from vlareg.page.figures import SMALL, panels
from vlareg.study.charts import draw_scores
from vlareg.study.examination import ACTION_STATES
from vlareg.study.measurements import Measurements
from vlareg.study.numbers import SCORE_COLUMNS, decimal, score_cells
from vlareg.study.targets import ARM, target_labels


def actions_section(found: Measurements) -> Section:
    """Compare representations of the action.

    Args:
        found: The scores.
    """
    return Section(
        "What an action is compared as",
        f"Raw actions, windows of {found.probe.window} of them, the embeddings of the action's tokens, or the policy's hidden states "
        "there: which one does vision agree with, beyond what shuffled episodes give?",
        _findings(found),
        [_picture(found), _scores(found)],
    )


def _findings(found: Measurements) -> list[str]:
    """Set the hidden states, which see the picture, against the actions, which do not."""
    place, window = found.places[0], f"actions.arm.next{found.probe.window}"
    raw, wide, tokens, states = (_scores_of(found, place, t) for t in (ARM, window, "action_tokens", ACTION_STATES))
    return [
        f"{place}, raw actions of the arm (calibrated): {raw}. Windows of {found.probe.window}: {wide}. Embeddings of the action's "
        f"tokens: {tokens}.",
        f"{place}, hidden states at the action's tokens: {states}. What untrained weights reach there is no knowledge of actions: "
        "these states attend to the picture itself.",
    ]


def _scores_of(found: Measurements, place: str, target: str) -> str:
    scores = {name: found.score(name, found.whole, place, target).calibrated for name in found.policies}
    return ", ".join(f"{name} {decimal(value)}" for name, value in scores.items())


def _picture(found: Measurements) -> Picture:
    labels = target_labels(found.probe.window)
    figure, (row,) = panels(1, len(found.places), 4.6)
    for place, panel in zip(found.places, row, strict=True):
        scores = {name: [found.score(name, found.whole, place, target) for target in labels] for name in found.policies}
        draw_scores(panel, scores, [*labels.values()], [*found.policies], upright=False)
        panel.set_title(place, fontsize=SMALL + 0.5)
        panel.set_xlabel("mutual k-NN", fontsize=SMALL)
    add_legend(figure, [*found.policies], chance="shuffled baseline (whole episodes exchanged)")
    return Picture(
        figure,
        "scores (95 % intervals) of the last block of each part with eight representations of the action, each beside its own "
        "shuffled baseline (black tick).",
        "that a high score is about actions: hidden states at the action's tokens attend to the picture, and so agree with it "
        "whatever the action is, which the untrained policy shows; token embeddings know only which bins are equal.",
    )


def _scores(found: Measurements) -> Table:
    rows: list[list[str]] = []
    for place in found.places:
        for target, label in target_labels(found.probe.window).items():
            rows.append([f"{place}, against {label} ({target})"])
            rows += [[name, *score_cells(found.score(name, found.whole, place, target))] for name in found.policies]
    return Table("All numbers by representation of the action", ["policy", *SCORE_COLUMNS], rows, folded=True)
