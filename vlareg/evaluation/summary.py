"""Success rates from episode records: per task and over all, with intervals, errors apart."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.markup import escape
from rich.table import Table

from vlareg.evaluation.intervals import wilson_interval
from vlareg.evaluation.records import EpisodeRecord

CONFIDENCE = 0.95


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
    """

    episodes: int
    successes: int
    errors: int
    rate: float | None
    low: float
    high: float


@dataclass(frozen=True)
class TaskSummary(SuccessRate):
    """The success rate of one task.

    Args:
        task: Number of the task in its suite.
        instruction: What the policy was told.
    """

    task: int
    instruction: str


@dataclass(frozen=True)
class Summary(SuccessRate):
    """The success rate over all episodes of an evaluation, and per task.

    Args:
        tasks: One summary per task, in the order of the numbers.
    """

    tasks: tuple[TaskSummary, ...]


def summarize(records: Iterable[EpisodeRecord]) -> Summary:
    """Count successes, failures and errors.

    Args:
        records: The episodes of one evaluation.
    """
    records = list(records)
    of_task: dict[int, list[EpisodeRecord]] = {}
    for record in sorted(records, key=lambda record: record.key):
        of_task.setdefault(record.task, []).append(record)
    tasks = tuple(
        TaskSummary(*_count(group), task=task, instruction=group[0].instruction) for task, group in of_task.items()
    )
    return Summary(*_count(records), tasks=tasks)


def results_table(summary: Summary, title: str = "", caption: str = "") -> Table:
    """Show a summary as a table for the terminal.

    Args:
        summary: What was counted so far.
        title: Stands above the table.
        caption: Stands below it.
    """
    table = Table(title=escape(title) or None, caption=caption or None)
    table.add_column("task", justify="right")
    table.add_column("instruction")
    for heading in ("successes", "rate", "95 % interval", "errors"):
        table.add_column(heading, justify="right", no_wrap=True)
    for task in summary.tasks:
        table.add_row(str(task.task), escape(task.instruction), *_cells(task))
    table.add_section()
    table.add_row("all", "", *_cells(summary))
    return table


def _count(records: Sequence[EpisodeRecord]) -> tuple[int, int, int, float | None, float, float]:
    outcomes = [record.success for record in records if record.success is not None]
    n, successes = len(outcomes), sum(outcomes)
    return n, successes, len(records) - n, successes / n if n else None, *wilson_interval(successes, n, CONFIDENCE)


def _cells(counts: SuccessRate) -> list[str]:
    rate = "-" if counts.rate is None else f"{100 * counts.rate:.1f} %"
    interval = f"{100 * counts.low:.1f} - {100 * counts.high:.1f} %"
    errors = f"[red]{counts.errors}[/red]" if counts.errors else "0"
    return [f"{counts.successes} of {counts.episodes}", rate, interval, errors]
