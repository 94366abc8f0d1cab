"""What is shown while episodes end."""

from io import StringIO

import pytest
from rich.console import Console

from vlareg.evaluation import EpisodeRecord, progress, summarize
from vlareg.evaluation.progress import LiveTable


def records(count: int, error: str | None = None) -> list[EpisodeRecord]:
    success = None if error else True
    return [EpisodeRecord("s", 0, index, 0, success, 5, "go [here]", error=error) for index in range(count)]


def test_a_log_gets_lines_and_one_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_QUIET", 0.0)
    output = StringIO()
    with LiveTable("results [1]", 4, Console(file=output, width=100)) as table:
        for count in (2, 3, 4):
            table.show(summarize(records(count)))
    text = output.getvalue()
    assert text.count("results [1]") == 1
    assert text.count("go [here]") == 1
    assert text.endswith("\n")
    assert "2 successes, 0 errors; 2 of 4 episodes\n" in text
    assert "3 successes, 0 errors; 3 of 4 episodes, " in text
    assert "a minute" in text


def test_a_terminal_sees_the_table_grow() -> None:
    output = StringIO()
    with LiveTable("results", 3, Console(file=output, width=100, force_terminal=True)) as table:
        for count in (1, 2, 3):
            table.show(summarize(records(count)))
    for shown in ("1 of 3 episodes", "2 of 3 episodes", "3 of 3 episodes"):
        assert shown in output.getvalue()


def test_errors_are_pointed_at() -> None:
    output = StringIO()
    with LiveTable("results", 1, Console(file=output, width=100)) as table:
        table.show(summarize(records(1, error="boom")))
    assert "what the errors were is in the records" in output.getvalue()
