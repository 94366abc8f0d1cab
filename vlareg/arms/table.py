"""The arms of an experiment as a table."""

from collections.abc import Mapping, Sequence

from rich.table import Table

from vlareg.arms.alignment import Estimate
from vlareg.arms.arm import Arm
from vlareg.evaluation import Comparison, Summary


def arms_table(arms: Sequence[Arm], rates: Mapping[str, Summary], control: str) -> Table:
    """Show one row an arm.

    Args:
        arms: The arms.
        rates: Arm -> its successes over all seeds, without those that were not rolled out.
        control: Name of the arm that the others are compared with.
    """
    table = Table(caption=f"Differences are to `{control}`: the same seeds, frames and initial states; 95 % intervals")
    table.add_column("arm")
    for heading in ("seeds", "loss", *(f"{point}" for point in arms[0].score), "successes"):
        table.add_column(heading, justify="right")
    for arm in arms:
        compared = arm.name != control
        points = [_cell(arm.score[point], arm.difference[point] if compared else None) for point in arm.score]
        table.add_row(arm.name, str(len(arm.seeds)), _loss(arm), *points, _success(rates.get(arm.name), arm.success))
    return table


def _loss(arm: Arm) -> str:
    first, last = (sum(ends) / len(ends) for ends in zip(*arm.loss, strict=True))
    return f"{first:.2f} -> {last:.2f}" if last == last else "-"


def _cell(score: Estimate, difference: Estimate | None) -> str:
    if difference is None:
        return f"{score.value:.3f} ({score.low:.3f} to {score.high:.3f})"
    return f"{score.value:.3f}, {difference.value:+.3f} ({difference.low:+.3f} to {difference.high:+.3f})"


def _success(rate: Summary | None, found: Comparison | None) -> str:
    if rate is None:
        return "-"
    counts = f"{rate.successes}/{rate.episodes} ({100 * rate.low:.0f}-{100 * rate.high:.0f} %)"
    if found is None or found.difference is None or found.low is None or found.high is None:
        return counts
    return (
        f"{counts}, {100 * found.difference:+.0f} ({100 * found.low:+.0f} to {100 * found.high:+.0f}), p {found.p:.2g}"
    )
