"""Success rates from episode records: per task, per suite and over all, with intervals, errors apart."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from rich.markup import escape
from rich.table import Table

from vlareg.evaluation.intervals import CONFIDENCE, wilson_interval
from vlareg.evaluation.records import EpisodeRecord
from vlareg.evaluation.shared_words import shared_words


@dataclass(frozen=True)
class SuccessRate:
    """How often a policy succeeded.

    Args:
        episodes: Number of episodes with an outcome; those whose simulator failed are not among them.
        successes: Number of episodes in which the goal held.
        errors: Number of episodes whose simulator failed.
        rate: `successes / episodes`, in [0, 1]; None without any episode.
        low: Lower end of the 95 % Wilson interval, in [0, 1].
        high: Upper end, in [0, 1].
        steps_to_success: Median number of actions of the successful episodes (environment steps); None without any.
        seconds: Median duration of the episodes with an outcome (s); None where it was not measured.
    """

    episodes: int
    successes: int
    errors: int
    rate: float | None
    low: float
    high: float
    steps_to_success: float | None
    seconds: float | None


@dataclass(frozen=True)
class TaskSummary(SuccessRate):
    """The success rate of one task.

    Args:
        suite: Name of the suite.
        task: Number of the task in its suite.
        instruction: What the policy was told; where its episodes differ in that, what they have in common.
    """

    suite: str
    task: int
    instruction: str


@dataclass(frozen=True)
class SuiteSummary(SuccessRate):
    """The success rate of one suite, all episodes together.

    Args:
        suite: Name of the suite.
    """

    suite: str


@dataclass(frozen=True)
class Summary(SuccessRate):
    """The success rate over all episodes of an evaluation, per suite and per task.

    Args:
        suites: One summary per suite, in the order of the names.
        tasks: One summary per task, in the order of the suites and numbers.
    """

    suites: tuple[SuiteSummary, ...]
    tasks: tuple[TaskSummary, ...]


def summarize(records: Iterable[EpisodeRecord]) -> Summary:
    """Count successes, failures and errors.

    Args:
        records: The episodes of one evaluation.
    """
    records = sorted(records, key=lambda record: record.identity)
    of_suite: dict[str, list[EpisodeRecord]] = {}
    of_task: dict[tuple[str, int], list[EpisodeRecord]] = {}
    for record in records:
        of_suite.setdefault(record.suite, []).append(record)
        of_task.setdefault((record.suite, record.task), []).append(record)
    suites = tuple(SuiteSummary(**_count(group), suite=suite) for suite, group in of_suite.items())
    tasks = tuple(
        TaskSummary(
            **_count(group), suite=suite, task=task, instruction=shared_words(record.instruction for record in group)
        )
        for (suite, task), group in of_task.items()
    )
    return Summary(**_count(records), suites=suites, tasks=tasks)


def results_table(summary: Summary, title: str = "", caption: str = "") -> Table:
    """Show a summary as a table for the terminal; its steps are the median of the successful episodes.

    Args:
        summary: What was counted so far.
        title: Stands above the table.
        caption: Stands below it.
    """
    table = Table(title=escape(title) or None, caption=caption or None)
    table.add_column("task", justify="right")
    table.add_column("instruction")
    for heading in ("successes", "rate", "95 % interval", "steps", "errors"):
        table.add_column(heading, justify="right", no_wrap=True)
    for suite in summary.suites:
        for task in summary.tasks:
            if task.suite == suite.suite:
                table.add_row(str(task.task), escape(task.instruction), *_cells(task))
        table.add_section()
        if len(summary.suites) > 1:
            table.add_row("", escape(suite.suite), *_cells(suite))
            table.add_section()
    table.add_row("all", "", *_cells(summary))
    return table


def _count(records: Sequence[EpisodeRecord]) -> dict[str, Any]:
    with_outcome = [record for record in records if record.success is not None]
    successes = [record for record in with_outcome if record.success]
    n = len(with_outcome)
    low, high = wilson_interval(len(successes), n, CONFIDENCE)
    return {
        "episodes": n,
        "successes": len(successes),
        "errors": len(records) - n,
        "rate": len(successes) / n if n else None,
        "low": low,
        "high": high,
        "steps_to_success": _median([record.steps for record in successes]),
        "seconds": _median([record.seconds for record in with_outcome if record.seconds is not None]),
    }


def _median(values: Sequence[float]) -> float | None:
    return float(median(values)) if values else None


def _cells(counts: SuccessRate) -> list[str]:
    rate = "-" if counts.rate is None else f"{100 * counts.rate:.1f} %"
    interval = f"{100 * counts.low:.1f} - {100 * counts.high:.1f} %"
    steps = "-" if counts.steps_to_success is None else f"{counts.steps_to_success:.0f}"
    errors = f"[red]{counts.errors}[/red]" if counts.errors else "0"
    return [f"{counts.successes} of {counts.episodes}", rate, interval, steps, errors]
