"""A comparison, as it is shown in a terminal."""

from collections.abc import Iterator
from pathlib import Path

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from vlareg.evaluation.comparison import Comparison
from vlareg.evaluation.difference import Difference

WIDTH = 100
"""Columns that a comparison takes."""


def comparison_view(found: Comparison) -> Group:
    """Return tables and sentences that say what came out.

    Args:
        found: The comparison.
    """
    tables = [_task_table(found)] + [_seed_table(found)] * (len(found.seeds) > 1)
    return Group(*tables, *map(Text, _sentences(found)))


def _task_table(found: Comparison) -> Table:
    table = _table("task", "instruction", right=("task",))
    for suite in dict.fromkeys(task.suite for task in found.tasks):
        tasks = [task for task in found.tasks if task.suite == suite]
        table.add_row("", Text(suite, "bold"))
        for task in tasks:
            table.add_row(str(task.task), Text(task.instruction), *_cells(task))
        table.add_section()
    table.add_row("all", "", *_cells(found), style="bold")
    return table


def _seed_table(found: Comparison) -> Table:
    table = _table("seed", "a, b", right=("seed",))
    for place, seed in enumerate(found.seeds):
        table.add_row(str(place), Text(f"{Path(seed.a).name}, {Path(seed.b).name}"), *_cells(seed))
    return table


def _table(*first: str, right: tuple[str, ...]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), expand=True)
    for heading in first:
        table.add_column(
            heading, justify="right" if heading in right else "left", ratio=None if heading in right else 1
        )
    for heading in ("pairs", "a %", "b %", "b - a", "95 % interval", "only a/b", "p"):
        table.add_column(heading, justify="right", no_wrap=True)
    return table


def _cells(found: Difference) -> list[str]:
    rates = ["-" if rate is None else f"{100 * rate:.1f}" for rate in (found.rate_a, found.rate_b)]
    return [
        str(found.pairs),
        *rates,
        "-" if found.difference is None else f"{100 * found.difference:+.1f}",
        _interval(found.low, found.high),
        f"{found.only_a}/{found.only_b}",
        "-" if found.p is None else "<.001" if found.p < 0.001 else f"{found.p:.3f}",
    ]


def _interval(low: float | None, high: float | None) -> str:
    return "-" if low is None or high is None else f"{100 * low:+.1f} to {100 * high:+.1f}"


def _sentences(found: Comparison) -> Iterator[str]:
    yield f"a: {', '.join(seed.a for seed in found.seeds)}"
    yield f"b: {', '.join(seed.b for seed in found.seeds)}"
    together = ", the training seeds' episodes of one start taken together" if len(found.seeds) > 1 else ""
    yield (
        "b - a in points with its paired bootstrap interval; only a/b: episodes that only one of them solved; p: "
        f"McNemar's exact test{together}, not corrected for the number of tasks."
    )
    yield _about_seeds(found)
    if found.discordance is not None:
        yield (
            f"They disagree on {100 * found.discordance:.1f} % of the episodes; at that, a difference of 5 points needs "
            f"{found.episodes_needed} paired episodes (power 80 %, two-sided level 5 %; Connor 1987)."
        )
    if found.unpaired_a or found.unpaired_b:
        yield f"Left out: episodes without a partner, {found.unpaired_a} of a and {found.unpaired_b} of b."
    if found.errors_a or found.errors_b:
        yield (
            f"Left out: the simulator failed in {found.errors_a} episodes of a and {found.errors_b} of b, which cost "
            f"{found.lost} pairs."
        )
    yield from (f"Note: {note}." for note in found.notes)


def _about_seeds(found: Comparison) -> str:
    if len(found.seeds) == 1:
        return "This is about these two checkpoints; what another training seed would give, it does not say."
    if found.seeds_mean is None:
        return "A pair of checkpoints has no pair of episodes, so nothing is said about the training seeds."
    mean = f"Over {len(found.seeds)} training seeds the mean of b - a is {100 * found.seeds_mean:+.1f} points"
    if found.seeds_low is None:
        return f"{mean}; they are all equal, so there is no interval."
    interval = _interval(found.seeds_low, found.seeds_high)
    return f"{mean}, with a 95 % t interval of {interval}; the tables are about these checkpoints only."
