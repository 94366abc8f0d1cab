"""What a comparison of two policies, or of two arms of training seeds, comes to."""

from dataclasses import dataclass

from vlareg.evaluation.difference import Difference


@dataclass(frozen=True)
class TaskDifference(Difference):
    """The difference on one task.

    Args:
        suite: Name of the suite.
        task: Number of the task in its suite.
        instruction: What policy a was told; where the episodes differ in that, what they have in common.
    """

    suite: str
    task: int
    instruction: str


@dataclass(frozen=True)
class SeedDifference(Difference):
    """The difference between two checkpoints that stand at the same place in their arms.

    Args:
        a: Results folder of a's.
        b: Results folder of b's.
    """

    a: str
    b: str


@dataclass(frozen=True)
class Comparison(Difference):
    """The difference over all pairs, and whatever a reader needs to judge it.

    The interval and the p-value are about these checkpoints. How much other training seeds would change the difference is
    what `seeds_low` and `seeds_high` say.

    Args:
        tasks: The difference on each task.
        seeds: The difference of each pair of checkpoints.
        seeds_mean: Mean of those; None where one has no pair.
        seeds_low: Lower end of their 95 % t interval; None with fewer than two, or if all are equal.
        seeds_high: Upper end.
        unpaired_a: Number of a's episodes that b has no record of.
        unpaired_b: Number of b's episodes that a has no record of.
        errors_a: Number of a's episodes whose simulator failed.
        errors_b: Number of b's episodes whose simulator failed.
        lost: Number of episodes that both have a record of, but are no pair since a simulator failed.
        episodes_needed: Number of paired episodes of two checkpoints that a difference of 5 points needs, at 80 % power and
            a level of 5 %, if they disagree as often as these; None without a pair.
        notes: What else differs between the evaluations.
    """

    tasks: tuple[TaskDifference, ...]
    seeds: tuple[SeedDifference, ...]
    seeds_mean: float | None
    seeds_low: float | None
    seeds_high: float | None
    unpaired_a: int
    unpaired_b: int
    errors_a: int
    errors_b: int
    lost: int
    episodes_needed: int | None
    notes: tuple[str, ...]
