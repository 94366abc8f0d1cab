"""Which episodes an evaluation consists of."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from vlareg.evaluation.interfaces import Episode


@dataclass(frozen=True)
class TaskFacts:
    """What the plan needs to know of a task.

    Args:
        instruction: The task's own instruction; empty where its episodes have different ones.
        num_init_states: Number of stored initial states.
        partner: The task that starts in the same scene and differs in the instruction; None where there is none.
        of_episodes: The instruction of each initial state, where they differ; else empty.
        others_of_episodes: What each initial state's other instruction is, where they differ; else empty.
    """

    instruction: str
    num_init_states: int
    partner: int | None = None
    of_episodes: tuple[str, ...] = ()
    others_of_episodes: tuple[str, ...] = ()

    @property
    def instructions(self) -> tuple[str, ...]:
        """All instructions of the task's episodes."""
        return self.of_episodes or (self.instruction,)


def plan_episodes(
    suite: Sequence[TaskFacts],
    tasks: Sequence[int] | None = None,
    episodes: int = 50,
    instruction: Literal["own", "other"] = "own",
) -> list[Episode]:
    """List the first initial states of the tasks, one task after the other.

    Args:
        suite: All tasks of the suite.
        tasks: Numbers of the tasks to run; all where this is None.
        episodes: Number of episodes of each task (> 0).
        instruction: Whether the policy is told the episode's own instruction, or the other one of the same scene.

    Raises:
        ValueError: If a task is unknown or named twice, none is named, or one has too few initial states or no partner.
    """
    numbers = list(range(len(suite))) if tasks is None else list(tasks)
    if not numbers:
        raise ValueError("`tasks` must name at least one task, but is empty.")
    if len(set(numbers)) < len(numbers):
        raise ValueError(f"`tasks` must name each task once, but got {numbers}.")
    if unknown := [number for number in numbers if not 0 <= number < len(suite)]:
        raise ValueError(f"`tasks` must be in 0..{len(suite) - 1}, but got {unknown}.")
    return [
        Episode(number, init_index, _told(suite, number, init_index, instruction))
        for number in numbers
        for init_index in _first_states(suite[number], number, episodes)
    ]


def reword_episodes(episodes: Sequence[Episode], reword: Callable[[str, int, int], str]) -> list[Episode]:
    """Tell the policy the same in other words.

    Args:
        episodes: Episodes with an instruction each.
        reword: From an instruction, a task and an initial state to what the policy is told.
    """
    return [
        replace(episode, instruction=reword(episode.instruction or "", episode.task, episode.init_index))
        for episode in episodes
    ]


def _first_states(task: TaskFacts, number: int, episodes: int) -> range:
    if not 0 < episodes <= task.num_init_states:
        raise ValueError(
            f"`episodes` must be in 1..{task.num_init_states}, the number of initial states of task {number}, "
            f"but got {episodes}."
        )
    return range(episodes)


def _told(suite: Sequence[TaskFacts], number: int, init_index: int, instruction: Literal["own", "other"]) -> str:
    task = suite[number]
    if instruction == "own":
        return task.of_episodes[init_index] if task.of_episodes else task.instruction
    if task.others_of_episodes:
        return task.others_of_episodes[init_index]
    if task.partner is None:
        raise ValueError(f"`instruction` cannot be 'other' for task {number}: no other task starts in its scene.")
    return suite[task.partner].instruction
