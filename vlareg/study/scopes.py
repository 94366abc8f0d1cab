"""Which frames are compared, whose neighbours may be whose, and what chance exchanges."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Int
from torch import Tensor

from vlareg.functional.chance_scores import Resampling
from vlareg.functional.permutations import MIN_EPISODES as FEWEST_TO_EXCHANGE
from vlareg.functional.permutations import episode_permutations
from vlareg.functional.resampling import MIN_EPISODES as FEWEST_TO_HALVE
from vlareg.functional.resampling import episode_halves

ALL, ANY, OTHER = "all tasks", "all tasks, episodes of any task exchanged", "across tasks"


@dataclass(frozen=True)
class Scope:
    """A part of the probe set, and a rule for neighbours.

    Args:
        name: `ALL`, `ANY`, `OTHER`, or the task's name.
        rows: Samples that take part.
        groups: Of each of them: samples of one group are never neighbours.
        episodes: Episode of each of them.
        permutations: Exchanges of whole episodes that tell what chance gives.
        halves: Divisions of each task's episodes into halves, for intervals; none with fewer than 6 episodes of a task.
    """

    name: str
    rows: Int[Tensor, "samples"]
    groups: Int[Tensor, "samples"]
    episodes: Int[Tensor, "samples"]
    permutations: Int[Tensor, "permutations samples"]
    halves: Int[Tensor, "halvings samples"]


def list_scopes(
    episodes: Int[Tensor, "samples"], tasks: Int[Tensor, "samples"], names: Sequence[str], resampling: Resampling
) -> list[Scope]:
    """Return the scopes of a study: all tasks (twice), each task, and neighbours from other tasks only.

    In all of them but `ANY` an episode is exchanged for another one of its task. So what two spaces share because both tell
    the tasks apart counts as chance, and so does what they share because both follow the progress of an episode.

    Args:
        episodes: Episode of each sample.
        tasks: Task of each sample, from 0.
        names: Names of the tasks; with one task there is one scope.
        resampling: Numbers of exchanges and of halvings.

    Raises:
        ValueError: If a task has too few episodes.
    """
    exchanges = exchange_within(episodes, tasks, resampling.permutations)
    halves = halve_within(episodes, tasks, resampling.halves)
    everything = torch.arange(len(episodes))
    if len(names) == 1:
        return [Scope(names[0], everything, episodes, episodes, exchanges, halves)]
    free = episode_permutations(episodes, resampling.permutations)
    scopes = [
        Scope(ALL, everything, episodes, episodes, exchanges, halves),
        Scope(ANY, everything, episodes, episodes, free, halves),
        Scope(OTHER, everything, tasks, episodes, exchanges, halves),
    ]
    for task, name in enumerate(names):
        rows = (tasks == task).nonzero().flatten()
        renumbered = _renumbered(exchanges[:, rows], rows)
        scopes.append(Scope(name, rows, episodes[rows], episodes[rows], renumbered, halves[:, rows]))
    return scopes


def exchange_within(
    episodes: Int[Tensor, "samples"], tasks: Int[Tensor, "samples"], count: int
) -> Int[Tensor, "permutations samples"]:
    """Draw permutations that exchange whole episodes of the same task.

    Args:
        episodes: Episode of each sample.
        tasks: Task of each sample.
        count: Number of permutations.

    Raises:
        ValueError: If a task has too few episodes.

    Example:
        >>> tasks = torch.tensor([0, 0, 0, 0, 1, 1, 1, 1])
        >>> tasks[exchange_within(torch.arange(8), tasks, count=1)[0]].tolist()
        [0, 0, 0, 0, 1, 1, 1, 1]
    """
    result = torch.empty(count, len(episodes), dtype=torch.long)
    for number, rows in enumerate(_rows_of_tasks(tasks)):
        found = len(torch.unique(episodes[rows]))
        if found < FEWEST_TO_EXCHANGE:
            raise ValueError(
                f"`data.validation_episodes` must be at least {FEWEST_TO_EXCHANGE}, since chance is what exchanging episodes of "
                f"a task gives, but a task has {found} held-out episodes."
            )
        result[:, rows] = rows[episode_permutations(episodes[rows], count, seed=number)]
    return result


def halve_within(
    episodes: Int[Tensor, "samples"], tasks: Int[Tensor, "samples"], count: int
) -> Int[Tensor, "halvings samples"]:
    """Draw divisions of the episodes into halves that hold as many episodes of each task.

    Args:
        episodes: Episode of each sample.
        tasks: Task of each sample.
        count: Number of divisions.

    Returns:
        0 or 1 for the half that a sample is in, -1 for neither; no row if a task has fewer than 6 episodes.
    """
    parts = _rows_of_tasks(tasks)
    if min(len(torch.unique(episodes[rows])) for rows in parts) < FEWEST_TO_HALVE:
        return torch.empty(0, len(episodes), dtype=torch.long)
    result = torch.empty(count, len(episodes), dtype=torch.long)
    for number, rows in enumerate(parts):
        result[:, rows] = episode_halves(episodes[rows], count, seed=number)
    return result


def _rows_of_tasks(tasks: Int[Tensor, "samples"]) -> list[Int[Tensor, "rows"]]:
    return [(tasks == task).nonzero().flatten() for task in torch.unique(tasks)]


def _renumbered(
    chosen: Int[Tensor, "permutations rows"], rows: Int[Tensor, "rows"]
) -> Int[Tensor, "permutations rows"]:
    """Return positions in `rows` instead of the samples themselves."""
    position = torch.empty(int(rows.max()) + 1, dtype=torch.long)
    position[rows] = torch.arange(len(rows))
    return position[chosen]
