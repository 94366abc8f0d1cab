"""Experiment 3: per task and across tasks."""

from vlareg.callbacks.legend import add_legend
from vlareg.functional.chance_moments import mutual_knn_chance
from vlareg.page import Picture, Section, Table, Text
from vlareg.page.figures import SMALL, panels
from vlareg.study.charts import draw_scores
from vlareg.study.measurements import Measurements
from vlareg.study.numbers import SCORE_COLUMNS, decimal, score_cells
from vlareg.study.scopes import ALL, ANY, OTHER
from vlareg.study.targets import MAIN


def tasks_section(found: Measurements) -> Section:
    """Compare tasks, and neighbours of the same task with neighbours of others.

    Args:
        found: The scores.
    """
    blocks: list[Text | Picture | Table] = [_picture(found, target, words) for target, words in MAIN.items()]
    several = len(found.tasks) > 1
    return Section(
        "Per task and across tasks",
        "Is the alignment one of each task, or does it carry over: are a frame's neighbours in other tasks the ones whose "
        "actions and states are like its own?",
        _findings(found) if several else ["There is only one task in the data, so nothing can be said across tasks."],
        [*blocks, *([_across(found), _chances(found)] if several else []), _scores(found)],
    )


def _findings(found: Measurements) -> list[str]:
    said = []
    for scope, where in (
        (OTHER, "With neighbours from other tasks only"),
        *((task, f"Task {task}") for task in found.tasks),
    ):
        scores = [found.score(n, scope, p, t) for n in found.policies for p in found.places for t in MAIN]
        clear = sum(score.p < 0.05 for score in scores)
        said.append(f"{where}: {clear} of {len(scores)} scores are above chance at p < .05 each.")
    return said


def _across(found: Measurements) -> Table:
    rows: list[list[str]] = []
    for target, words in MAIN.items():
        rows.append([f"against {words}"])
        for place in found.places:
            scores = [found.score(name, OTHER, place, target) for name in found.policies]
            rows.append([place, *(f"{decimal(score.calibrated)} (p {decimal(score.p)})" for score in scores)])
    title = "Neighbours from other tasks only: calibrated scores of the last blocks"
    return Table(title, ["", *found.policies], rows)


def _picture(found: Measurements, target: str, words: str) -> Picture:
    scopes = {ALL: "all\ntasks", **{task: f"task\n{task.split()[0]}" for task in found.tasks}, OTHER: "across\ntasks"}
    scopes = {scope: label for scope, label in scopes.items() if scope in found.scopes}
    figure, (row,) = panels(1, len(found.places), 2.6)
    for place, panel in zip(found.places, row, strict=True):
        scores = {name: [found.score(name, scope, place, target) for scope in scopes] for name in found.policies}
        draw_scores(panel, scores, [*scopes.values()], [*found.policies])
        panel.set_title(place, fontsize=SMALL + 0.5)
    row[0].set_ylabel(f"mutual k-NN with\n{words}", fontsize=SMALL)
    add_legend(figure, [*found.policies], chance="chance (episodes of a task exchanged)")
    return Picture(
        figure,
        f"scores against {words} with 95 % intervals and chance (black ticks) on all tasks, on each task alone, and on all tasks "
        "with neighbours from other tasks only.",
        "a ranking of tasks: a task alone has fewer frames, hence higher chance and wider intervals, and scores of another N "
        "are other scores.",
    )


def _chances(found: Measurements) -> Table:
    plain = decimal(mutual_knn_chance(found.k, found.scopes[ALL].groups))
    rows: list[list[str]] = []
    for target, words in MAIN.items():
        rows.append([f"against {words}"])
        for place in found.places:
            within, free = (found.score(found.start, scope, place, target) for scope in (ALL, ANY))
            rows.append([place, decimal(within.value), plain, decimal(free.chance), decimal(within.chance)])
    columns = [
        "last block of",
        "score",
        "shuffled frames",
        "shuffled episodes of any task",
        "shuffled episodes of a task",
    ]
    title = (
        f"What counts as chance ({found.start}): from left to right it includes nothing, the progress of an episode, and which "
        "task it is. The last column is chance everywhere else on this page"
    )
    return Table(title, columns, rows)


def _scores(found: Measurements) -> Table:
    rows: list[list[str]] = []
    for target, words in MAIN.items():
        for place in found.places:
            for scope in found.scopes:
                grid = found.grids[found.start, scope]
                rows.append([f"{scope} (n = {grid.samples}, {grid.episodes} episodes): {place}, against {words}"])
                rows += [[name, *score_cells(found.score(name, scope, place, target))] for name in found.policies]
    return Table("All numbers by task", ["policy", *SCORE_COLUMNS], rows, folded=True)
