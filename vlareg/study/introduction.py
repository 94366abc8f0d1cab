"""What stands before the experiments: what was studied, and how to read a score."""

from vlareg.evaluation.subjects import RANDOM_NAME
from vlareg.functional.chance_moments import mutual_knn_chance
from vlareg.page import Table, Text
from vlareg.study.measurements import Measurements
from vlareg.study.numbers import count, decimal, listed
from vlareg.study.targets import ARM

CONFOUND = (
    "Alignment is not evidence that a policy uses what it represents. A demonstrated action is a function of what the picture "
    "shows, so whatever keeps the picture agrees with the action; and both follow the clock of the episode. Every score here "
    "stands beside what untrained weights give, and beside chance that keeps the clock. Whether a policy uses its picture, "
    "only an intervention shows: `eval_libero.py --image black` or `--instruction other`."
)


def introduction(found: Measurements) -> list[Text | Table]:
    """Return the blocks above the first section.

    Args:
        found: The policies and scores.
    """
    return [Text(_data(found)), Text(CONFOUND, important=True), Text(_reading(found)), _policies(found), _places(found)]


def _data(found: Measurements) -> str:
    data, grid = found.probe.data, found.grids[found.start, found.whole]
    return (
        f"{len(found.policies)} policies on {grid.samples} held-out frames of {grid.episodes} episodes of {data.suite} (tasks "
        f"{listed([*map(str, data.tasks)])}), equally many of each episode, evenly spaced, none of a robot that stands still. "
        "All policies see the same frames."
    )


def _reading(found: Measurements) -> str:
    scope = found.scopes[found.whole]
    plain = mutual_knn_chance(found.k, scope.groups)
    clock = found.score(found.start, found.whole, found.places[0], ARM).chance
    return (
        f"How to read a score. mutual k-NN (k = {found.k}) is the share of a frame's {found.k} nearest frames in one space that are "
        "also among its nearest in the other; neighbours are sought in other episodes only. Chance is the mean over "
        f"{len(scope.permutations)} exchanges of whole episodes within their task: frames keep their place in time, so what "
        f"two spaces share because both follow an episode's progress counts as chance. That is why it is about {decimal(clock)} here "
        f"and not {decimal(plain)}, which shuffled frames would give and which would make everything look aligned. Calibrated is (score "
        "- chance) / (1 - chance): 0 by chance, 1 for perfect agreement. Intervals (95 %) compare halves of each task's episodes, "
        "and take chance as it is. p is of each row alone: among twenty rows of nothing, one has p < .05."
    )


def _places(found: Measurements) -> Table:
    what = {
        "LLM at patches": "the mean over the patches' positions after a block of the language model",
        "LLM at last prompt": "the state at the last token of the prompt, from which the first action token is decoded",
    }
    rows = [[place, what[place] if place in what else _encoder(found, place)] for place in found.places]
    return Table(
        "Where representations are read: before the answer, never at the action tokens", ["place", "what it is"], rows
    )


def _encoder(found: Measurements, place: str) -> str:
    number = int(place.split()[1])
    if place.endswith("class token"):
        return "the class token of each view, side by side"
    has = f"{place} class token" in found.places
    rest = "" if has else "; this encoder has no class token"
    return f"{found.policies[found.start].encoders[number]}: the mean over the patches of each view, side by side{rest}"


def _policies(found: Measurements) -> Table:
    rows = []
    for name, policy in found.policies.items():
        origin = f"untrained, seed {policy.subject.random_seed}, shape of " if name == RANDOM_NAME else ""
        encoders = ", ".join(f"{number}: {encoder}" for number, encoder in enumerate(policy.encoders))
        rows.append([name, f"{origin}{policy.subject.folder}", count(policy.parameters["all"]), encoders])
    return Table("The policies", ["policy", "checkpoint", "parameters", "encoders"], rows)
