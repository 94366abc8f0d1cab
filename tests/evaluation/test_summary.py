"""Counts, and that errors are not failures."""

from io import StringIO

import pytest
from rich.console import Console

from vlareg.evaluation import EpisodeRecord, results_table, summarize


def record(task: int, init_index: int, success: bool | None) -> EpisodeRecord:
    error = "boom" if success is None else None
    return EpisodeRecord("libero_mini", task, init_index, 0, success, 5, f"do {task}", error=error)


RECORDS = [record(7, 0, True), record(6, 1, None), record(7, 1, False), record(7, 2, True), record(6, 0, True)]


def test_errors_are_counted_apart() -> None:
    summary = summarize(RECORDS)
    assert (summary.episodes, summary.successes, summary.errors) == (4, 3, 1)
    assert summary.rate == pytest.approx(0.75)
    six, seven = summary.tasks
    assert (six.task, six.episodes, six.successes, six.errors, six.rate) == (6, 1, 1, 1, 1.0)
    assert (seven.task, seven.episodes, seven.successes, seven.errors, seven.instruction) == (7, 3, 2, 0, "do 7")
    assert (seven.low, seven.high) == pytest.approx((0.2077, 0.9385), abs=1e-4)


def test_only_errors_give_no_rate() -> None:
    summary = summarize([record(1, 0, None)])
    assert (summary.rate, summary.low, summary.high) == (None, 0.0, 1.0)


def test_nothing_is_nothing() -> None:
    assert summarize([]).rate is None


def test_the_table_shows_the_counts() -> None:
    output = StringIO()
    Console(file=output, width=80).print(results_table(summarize(RECORDS), "title", "caption"))
    text = output.getvalue()
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in text.splitlines() if "│" in line]
    assert rows == [
        ["6", "do 6", "1 of 1", "100.0 %", "20.7 - 100.0 %", "1"],
        ["7", "do 7", "2 of 3", "66.7 %", "20.8 - 93.9 %", "0"],
        ["all", "", "3 of 4", "75.0 %", "30.1 - 95.4 %", "1"],
    ]
    assert "title" in text
    assert "caption" in text
