"""What is changed about the episodes of an evaluation: what the policy is told, what it sees, and the scene."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from vlareg.envs.perturbations import EpisodeKey, Perturbation, UnseenObject, find_perturbation
from vlareg.evaluation.controls import BlackImages
from vlareg.evaluation.interfaces import Episode, Policy
from vlareg.evaluation.plan import TaskFacts, plan_episodes, reword_episodes


@dataclass(frozen=True)
class Conditions:
    """The conditions of an evaluation's episodes; as text, what records name them by.

    Args:
        instruction: Whether the policy is told the episode's own instruction, or another one of the same scene.
        image: Whether it sees the cameras' images, or black ones.
        perturbation: What is changed in the simulator and in the words.

    Raises:
        ValueError: If two of them exclude each other.

    Example:
        >>> str(Conditions("other", "black", choose_perturbation("light", 2)))
        'other instruction, black image, light level 2'
    """

    instruction: Literal["own", "other"]
    image: Literal["normal", "black"]
    perturbation: Perturbation

    def __post_init__(self) -> None:
        if isinstance(self.perturbation, UnseenObject) and self.instruction == "other":
            raise ValueError("`instruction` cannot be 'other' with unseen_object, which renames the task's own object.")

    def __str__(self) -> str:
        changes = [
            ("other instruction", self.instruction == "other"),
            ("black image", self.image == "black"),
            (str(self.perturbation), str(self.perturbation) != "none"),
        ]
        return ", ".join(change for change, applies in changes if applies) or "none"

    def plan(self, facts: Sequence[TaskFacts], tasks: list[int] | None, episodes: int, seed: int) -> list[Episode]:
        """List the episodes, with what the policy is told in each.

        Args:
            facts: All tasks of the suite.
            tasks: Numbers of the tasks to run; all where this is None.
            episodes: Number of episodes of each task (> 0).
            seed: Seed of what the perturbation draws.

        Raises:
            ValueError: If there are no such episodes.
        """
        return reword_episodes(
            plan_episodes(facts, tasks, episodes, self.instruction),
            lambda told, task, init_index: self.perturbation.reword(told, EpisodeKey(seed, task, init_index)),
        )

    def wordings(self, facts: Sequence[TaskFacts]) -> list[str]:
        """Return all that a policy can be told in a suite, the unchanged instructions included.

        Args:
            facts: All tasks of the suite.
        """
        told = [instruction for task in facts for instruction in task.instructions]
        return [text for instruction in told for text in (instruction, *self.perturbation.wordings(instruction))]

    def handicap(self, policy: Policy) -> Policy:
        """Return the policy as it sees under these conditions."""
        return BlackImages(policy) if self.image == "black" else policy


def choose_perturbation(name: str, level: int | None) -> Perturbation:
    """Return the perturbation that is asked for, at its level.

    Args:
        name: A name of `vlareg.envs.perturbations`, or "none".
        level: How strong it is; 1 where this is None.

    Raises:
        ValueError: If there is no such perturbation or level.
    """
    if name == "none":
        if level:
            raise ValueError(f"`level` needs a `perturbation`, but got {level} and none.")
        return Perturbation(0)
    return find_perturbation(name)(1 if level is None else level)
