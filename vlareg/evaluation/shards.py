"""One evaluation on several machines: which episodes are whose."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from vlareg.evaluation.interfaces import Episode


@dataclass(frozen=True)
class Shard:
    """One of several parts of an evaluation.

    Whose an episode is depends on its task and initial state alone, and every part has its share of every task.

    Args:
        number: Which part it is, in 1..`of`.
        of: Number of parts (> 0).

    Raises:
        ValueError: If there is no such part.

    Example:
        >>> episodes = [Episode(task, init_index) for task in (0, 1) for init_index in range(3)]
        >>> [(episode.task, episode.init_index) for episode in Shard(1, 2).take(episodes)]
        [(0, 0), (0, 2), (1, 1)]
    """

    number: int
    of: int

    def __post_init__(self) -> None:
        if not 1 <= self.number <= self.of:
            raise ValueError(f"`shard` must be 1/n, 2/n, ... or n/n, but got {self}.")

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    @classmethod
    def parse(cls, text: str) -> "Shard":
        """Read a part as it is typed.

        Args:
            text: Such as "2/3", for the second of three.

        Raises:
            ValueError: If it is nothing like that.
        """
        match = re.fullmatch(r"(\d+)/(\d+)", text)
        if match is None:
            raise ValueError(f"`shard` must be 1/n, 2/n, ... or n/n, but got {text!r}.")
        return cls(int(match[1]), int(match[2]))

    def take(self, episodes: Iterable[Episode]) -> list[Episode]:
        """Return this part of the episodes, in their order."""
        return [episode for episode in episodes if (episode.task + episode.init_index) % self.of == self.number - 1]

    def settings(self, tasks: Iterable[int], episodes: int) -> dict[str, Any]:
        """Return what the results folder of a part says about the whole.

        Args:
            tasks: Numbers of all parts' tasks.
            episodes: Number of episodes of each task, of all parts together.
        """
        return {"number": self.number, "of": self.of, "tasks": sorted(tasks), "episodes": episodes}
