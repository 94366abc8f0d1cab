"""What demonstrations can be recorded of, a file each."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from vlareg.envs.libero_mini.init_states import fresh_seed, sign_seed
from vlareg.envs.libero_mini.tasks import TASKS, bddl_file
from vlareg.envs.libero_mini.think import CATEGORIES, THINK, Boards, fresh_boards, instruction_of, think_bddl_file
from vlareg.envs.signs import SIGNS
from vlareg.envs.suites import SUITES
from vlareg.lookup import look_up


@dataclass(frozen=True)
class Recordable:
    """A task of `libero_mini`, or a sign of `libero_mini_think`.

    The demonstrations of a sign have boards that show it and another sign of its category.

    Args:
        suite: The suite of its environment.
        task: Number of the task there.
        name: What its file is called.
        instruction: The task in words.
        bddl: The task's BDDL.
        sign: Number of the named sign in its category; None where there are no boards.
    """

    suite: str
    task: int
    name: str
    instruction: str
    bddl: Path
    sign: int | None = None

    @property
    def file_name(self) -> str:
        """Name of the file of its demonstrations."""
        return f"{self.name}_demo.hdf5"

    def start_seed(self, seed: int, index: int) -> int:
        """Return the seed of a start scene.

        Args:
            seed: The recording's seed.
            index: Number of the start scene.
        """
        if self.sign is None:
            return fresh_seed(self.task, seed, index)
        return sign_seed(self.task, self.sign, seed, index)

    def boards(self, index: int, start: int) -> Boards | None:
        """Return the boards of a demonstration, or None where there are none.

        Args:
            index: Number of the demonstration.
            start: Seed of its start scene.
        """
        return None if self.sign is None else fresh_boards(self.task, self.sign, index, start)


def _task(task: int) -> Recordable:
    return Recordable("libero_mini", task, TASKS[task], TASKS[task].replace("_", " "), bddl_file(task))


def _sign(task: int, sign: int) -> Recordable:
    category = CATEGORIES[task]
    name = f"think_{category}_{SIGNS[category][sign]}".replace(" ", "_")
    return Recordable(THINK, task, name, instruction_of(category, SIGNS[category][sign]), think_bddl_file(THINK), sign)


RECORDABLES = (
    *(_task(task) for task in range(len(TASKS))),
    *(_sign(task, sign) for task, category in enumerate(CATEGORIES) for sign in range(len(SIGNS[category]))),
)
"""All that can be recorded. The tasks of `libero_mini` come first, so that they keep their numbers."""

RECORDED_SUITES = {suite: range(SUITES[suite].num_tasks) for suite in ("libero_mini", THINK)}
"""The suites that can be recorded, with the numbers of their tasks."""


def recordables_of(suite: str, tasks: Sequence[int]) -> list[int]:
    """Return the numbers, in `RECORDABLES`, of what is recorded for a suite's tasks: one each, or the signs of a category.

    Args:
        suite: One of `RECORDED_SUITES`.
        tasks: Numbers of the tasks.

    Raises:
        ValueError: The suite cannot be recorded, has no such task, or a task is named twice.

    Example:
        >>> recordables_of("libero_mini", (6, 7))
        [6, 7]
        >>> [RECORDABLES[number].file_name for number in recordables_of("libero_mini_think", (3,))]
        ['think_parity_even_demo.hdf5', 'think_parity_odd_demo.hdf5']
    """
    known = look_up("suite", suite, RECORDED_SUITES)
    if not tasks or len(set(tasks)) != len(tasks) or not set(tasks) <= set(known):
        raise ValueError(f"`tasks` must be different numbers in 0..{known[-1]}, but got {list(tasks)}.")
    return [n for task in tasks for n, what in enumerate(RECORDABLES) if (what.suite, what.task) == (suite, task)]
