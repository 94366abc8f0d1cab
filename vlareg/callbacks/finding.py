"""What a probe of a run says."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rich.table import Table

COLOURS = {"ok": "green", "warning": "yellow", "error": "red"}


@dataclass(frozen=True)
class Finding:
    """One line of the table that start-up probes print.

    Args:
        probe: What was tried.
        seen: What came of it, with numbers.
        verdict: "error" where no training can be meant; "warning" where it may be.
        advice: What to do; empty where all is well.
    """

    probe: str
    seen: str
    verdict: Literal["ok", "warning", "error"] = "ok"
    advice: str = ""


def findings_table(findings: Sequence[Finding]) -> Table:
    """Return findings as a table for a terminal.

    Args:
        findings: One per line.
    """
    table = Table(title="Start-up probes", title_justify="left")
    for column in ("probe", "seen", ""):
        table.add_column(column)
    for finding in findings:
        colour = COLOURS[finding.verdict]
        seen = f"{finding.seen}\n[{colour}]{finding.advice}[/]" if finding.advice else finding.seen
        table.add_row(finding.probe, seen, f"[{colour}]{finding.verdict}[/]")
    return table
