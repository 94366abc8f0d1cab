"""Counts, steps and durations, and that errors are not failures."""

from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from vlareg.evaluation import EpisodeRecord, results_table, summarize


def record(
    task: int, init_index: int, success: bool | None, steps: int = 5, suite: str = "libero_mini"
) -> EpisodeRecord:
    error = "boom" if success is None else None
    return EpisodeRecord(suite, task, init_index, 0, success, steps, f"do {task}", error=error)


RECORDS = [record(7, 0, True), record(6, 1, None), record(7, 1, False, 90), record(7, 2, True, 8), record(6, 0, True)]


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


def test_steps_are_those_of_the_successes() -> None:
    summary = summarize(RECORDS)
    assert [counts.steps_to_success for counts in (summary, *summary.tasks)] == [5, 5, 6.5]
    assert summarize([record(1, 0, False), record(1, 1, None)]).steps_to_success is None


def test_durations_are_those_of_the_episodes_with_an_outcome() -> None:
    durations = (1.0, 100.0, 3.0, 8.0, None)
    timed = [replace(record, seconds=seconds) for record, seconds in zip(RECORDS, durations, strict=True)]
    assert summarize(timed).seconds == 3.0
    assert summarize(RECORDS).seconds is None


def test_suites_are_apart_and_their_tasks_too() -> None:
    summary = summarize([*RECORDS, record(7, 0, False, suite="libero_goal"), record(7, 1, None, suite="libero_goal")])
    assert [(suite.suite, suite.successes, suite.episodes, suite.errors) for suite in summary.suites] == [
        ("libero_goal", 0, 1, 1),
        ("libero_mini", 3, 4, 1),
    ]
    assert [(task.suite, task.task, task.episodes) for task in summary.tasks] == [
        ("libero_goal", 7, 1),
        ("libero_mini", 6, 1),
        ("libero_mini", 7, 3),
    ]
    assert (summary.successes, summary.episodes) == (3, 5)
    output = StringIO()
    Console(file=output, width=80).print(results_table(summary))
    assert "libero_goal" in output.getvalue()


def test_a_task_whose_episodes_are_told_different_things_is_called_by_what_they_share() -> None:
    told = ("take the board with a red star", "take the board with a blue star", "take the board with a blue moon")
    signs = [replace(record(3, index, True), instruction=text) for index, text in enumerate(told)]
    three, six = summarize([*signs, record(6, 0, True)]).tasks
    assert (three.instruction, six.instruction) == ("take the board with a …", "do 6")
    assert summarize(signs[:2]).tasks[0].instruction == "take the board with a … star"
    assert summarize(signs[:1]).tasks[0].instruction == told[0]


def test_the_table_shows_the_counts() -> None:
    output = StringIO()
    Console(file=output, width=80).print(results_table(summarize(RECORDS), "title", "caption"))
    text = output.getvalue()
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in text.splitlines() if "│" in line]
    assert rows == [
        ["6", "do 6", "1 of 1", "100.0 %", "20.7 - 100.0 %", "5", "1"],
        ["7", "do 7", "2 of 3", "66.7 %", "20.8 - 93.9 %", "6", "0"],
        ["all", "", "3 of 4", "75.0 %", "30.1 - 95.4 %", "5", "1"],
    ]
    assert "title" in text
    assert "caption" in text
