"""A results folder as one page: rates, steps, films, and what went wrong."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from vlareg.evaluation.campaign import VIDEO_FOLDER
from vlareg.evaluation.clips import collect_clips
from vlareg.evaluation.records import EpisodeRecord
from vlareg.evaluation.report_figures import draw_curves, draw_tasks
from vlareg.evaluation.results import Results, flat_settings, read_results
from vlareg.evaluation.success_curve import success_curve
from vlareg.evaluation.summary import SuccessRate, Summary, summarize
from vlareg.files import atomic_file
from vlareg.page import Block, Clips, Picture, Section, Table, Text, render_page

REPORT_FILE = "report.html"

MEGABYTES = 30.0
"""Size that the films of a page may have together (10^6 bytes)."""


def write_report(folder: str | Path, output: str | Path | None = None, megabytes: float = MEGABYTES) -> Path:
    """Write the report of a results folder: one HTML file that needs no other.

    Args:
        folder: The results folder.
        output: The file; `report.html` in the folder where this is None.
        megabytes: Size that all films together may have (10^6 bytes, >= 0).

    Returns:
        The file.

    Raises:
        FileNotFoundError: If the folder has no records.
        ValueError: If `megabytes` is negative, or there is no episode yet.
    """
    if megabytes < 0:
        raise ValueError(f"`megabytes` must be >= 0, but got {megabytes}.")
    results = read_results(folder)
    output = results.folder / REPORT_FILE if output is None else Path(output)
    page = report_page(results, megabytes)
    with atomic_file(output) as partial:
        partial.write_text(page, encoding="utf-8")
    return output


def report_page(results: Results, megabytes: float = MEGABYTES) -> str:
    """Return the report as HTML.

    Args:
        results: The episodes and their settings.
        megabytes: Size that all films together may have (10^6 bytes, >= 0).
    """
    summary = summarize(results.records)
    sections = [_success(results.records, summary)]
    if summary.rate is not None:
        sections.append(_steps(results.records, summary))
    sections.append(_films(results, megabytes))
    if summary.errors:
        sections.append(_errors(results.records))
    return render_page(f"Evaluation of {results.folder.resolve().name}", list(_head(results, summary)), sections)


def _head(results: Results, summary: Summary) -> Iterator[Block]:
    settings = results.settings
    policy = settings.get("checkpoint", "unknown, since the folder has no settings")
    changes = sorted({record.perturbation for record in results.records} - {"none"})
    yield Text(
        f"Policy: {policy}. Suite: {', '.join(suite.suite for suite in summary.suites)}. "
        f"Perturbation: {'; '.join(changes) or 'none'}."
    )
    if results.complete is False:
        yield Text("The evaluation has not ended: this is about the episodes so far.", important=True)
    if summary.errors:
        yield Text(
            f"The simulator failed in {summary.errors} of {len(results.records)} episodes. They say nothing about the "
            "policy and are in no rate.",
            important=True,
        )
    if settings:
        rows = [[name, str(value)] for name, value in flat_settings(settings)]
        yield Table("What the episodes were made with", ["setting", "value"], rows, folded=True)


def _success(records: Sequence[EpisodeRecord], summary: Summary) -> Section:
    picture = Picture(
        draw_tasks(summary),
        "the success rate of each task with its 95 % Wilson interval; the dashed line is that of all episodes.",
        "whether another policy is better: intervals that overlap may hide a difference; compare the episodes in pairs "
        "with `python eval_libero.py compare`.",
    )
    return Section(
        "Success",
        "How often does the policy solve its tasks?",
        _success_findings(summary),
        [picture, _task_table(summary), _failures(records)],
    )


def _success_findings(summary: Summary) -> list[str]:
    if summary.rate is None:
        return ["No episode has an outcome."]
    found = [
        f"{summary.successes} of {summary.episodes} episodes, {100 * summary.rate:.1f} % "
        f"(95 % interval {100 * summary.low:.1f} to {100 * summary.high:.1f})."
    ]
    rated = [task for task in summary.tasks if task.rate is not None]
    if len(rated) > 1:
        worst, best = (choose(rated, key=lambda task: task.rate or 0.0) for choose in (min, max))
        found += [
            f"The {word} task is {task.task}, “{task.instruction}”: {task.successes} of {task.episodes}."
            for word, task in (("best", best), ("worst", worst))
        ]
    return found


def _task_table(summary: Summary) -> Table:
    columns = ["task", "instruction", "successes", "rate % (95 % interval)", "median steps", "seconds", "errors"]
    rows: list[list[str]] = []
    for suite in summary.suites:
        tasks = [task for task in summary.tasks if task.suite == suite.suite]
        rows.append([suite.suite])
        rows += [[str(task.task), task.instruction, *_cells(task)] for task in tasks]
        rows.append(["all", "", *_cells(suite)])
    if len(summary.suites) > 1:
        rows += [["All suites"], ["all", "", *_cells(summary)]]
    return Table("Success by task; median steps of the successful episodes, median duration of all", columns, rows)


def _cells(counts: SuccessRate) -> list[str]:
    interval = f"({100 * counts.low:.1f} to {100 * counts.high:.1f})"
    return [
        f"{counts.successes} of {counts.episodes}",
        "-" if counts.rate is None else f"{100 * counts.rate:.1f} {interval}",
        "-" if counts.steps_to_success is None else f"{counts.steps_to_success:.0f}",
        "-" if counts.seconds is None else f"{counts.seconds:.1f}",
        str(counts.errors),
    ]


def _failures(records: Sequence[EpisodeRecord]) -> Table:
    failed: dict[tuple[str, int], list[str]] = {}
    for record in sorted(records, key=lambda record: record.identity):
        if record.success is False:
            failed.setdefault((record.suite, record.task), []).append(str(record.init_index))
    rows = [[suite, str(task), " ".join(states)] for (suite, task), states in failed.items()]
    return Table("Initial states that failed", ["suite", "task", "initial states"], rows, folded=True)


def _steps(records: Sequence[EpisodeRecord], summary: Summary) -> Section:
    curve = success_curve(records)
    half = len(curve.steps) // 2
    found = [f"Within {half} steps, half of the longest episode, {100 * curve.rate[half]:.1f} % had succeeded."]
    if summary.steps_to_success is not None:
        found.insert(0, f"Half of the successful episodes took at most {summary.steps_to_success:.0f} steps.")
    picture = Picture(
        draw_curves(records),
        "the share of the episodes that had succeeded by each step, which is the success rate that a lower limit would "
        "have given; on the left with 95 % Wilson intervals, each step on its own.",
        "what more steps than the limit would have brought.",
    )
    return Section("Steps", "How long does it take?", found, [picture])


def _films(results: Results, megabytes: float) -> Section:
    clips, left_out = collect_clips(results.folder / VIDEO_FOLDER, results.records, megabytes)
    count = f"Films: {len(clips)}, of which {sum(clip.tone == 'good' for clip in clips)} of a success."
    found = [count if clips else "There are no films."]
    if left_out:
        found.append(f"Left out for their size: {', '.join(left_out)}.")
    return Section("Films", "What does it look like?", found, [Clips(clips)])


def _errors(records: Sequence[EpisodeRecord]) -> Section:
    counts = Counter(
        record.error.strip().splitlines()[-1] for record in records if record.error and record.error.strip()
    )
    rows = [[str(count), words] for words, count in counts.most_common()]
    total = sum(record.error is not None for record in records)
    return Section(
        "Errors",
        "Where did the simulator fail?",
        [f"In {total} episodes; `--retry-errors` runs them again."],
        [Table("Last line of the errors", ["episodes", "error"], rows)],
    )
