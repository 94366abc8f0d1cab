"""Put runs beside one another: success rates, curves and a video each.

python -m vlareg.summary --evaluations '{"plain": DIR, ...}' --runs '{"plain": DIR, ...}' --report DIR
"""

import json
import shutil
from pathlib import Path
from typing import Any

from jsonargparse import auto_cli
from rich.console import Console
from rich.table import Table

from vlareg.callbacks.curves import Curves, draw_curves
from vlareg.files import atomic_file

PANELS = (
    "alignment/llm.3.condition/proprio/cknna_k10_n192",
    "alignment/llm.5.last_prompt/proprio/cknna_k10_n192",
    "alignment/llm.5.last_prompt/actions.full/mutual_knn_k10_n192",
    "val/teacher/cosine",
    "val/policy/token_accuracy",
)


def summarize_runs(evaluations: dict[str, str], runs: dict[str, str], report: str) -> None:
    """Print a table of success rates, and write it, a figure of the curves and a video of each policy into a folder.

    Args:
        evaluations: Name -> results folder of `eval_libero.py`.
        runs: Name -> output folder of `train.py`, with its `curves.json`.
        report: Folder to write `success.json`, `curves.png` and videos into.

    Raises:
        FileNotFoundError: A folder lacks its `summary.json` or `curves.json`.
    """
    folder = Path(report)
    summaries = {name: json.loads((Path(path) / "summary.json").read_text()) for name, path in evaluations.items()}
    curves = {name: Curves.load(Path(path) / "curves.json") for name, path in runs.items()}
    with atomic_file(folder / "success.json") as path:
        path.write_text(json.dumps(summaries, indent=1))
    draw_curves(
        curves, folder / "curves.png", [name for name in PANELS if any(name in c.points for c in curves.values())]
    )
    for name, results in evaluations.items():
        for video in sorted((Path(results) / "videos").glob("*success*.mp4"))[:1]:
            shutil.copy(video, folder / f"{name}-{video.name}")
    console = Console()
    console.print(success_table(summaries))
    console.print(f"Figure: {folder / 'curves.png'}; videos: {folder}")


def success_table(summaries: dict[str, dict[str, Any]]) -> Table:
    """Return success rates with their 95 % Wilson intervals, a row a task and a column a policy.

    Args:
        summaries: Name -> the `summary.json` of an evaluation.
    """
    table = Table(title="successes (95 % Wilson interval), same initial states")
    table.add_column("task")
    rows: dict[str, dict[str, str]] = {}
    for name, summary in summaries.items():
        table.add_column(name, justify="right", no_wrap=True)
        for task in summary["tasks"]:
            rows.setdefault(f"{task['task']} {task['instruction']}", {})[name] = _cell(task)
        rows.setdefault("all", {})[name] = _cell(summary)
    everything = rows.pop("all")
    for task, cells in rows.items():
        table.add_row(task, *(cells.get(name, "-") for name in summaries))
    table.add_section()
    table.add_row("all", *(everything[name] for name in summaries))
    return table


def _cell(counts: dict[str, Any]) -> str:
    if counts["rate"] is None:
        return "no episode"
    return f"{counts['successes']}/{counts['episodes']} ({100 * counts['low']:.0f}-{100 * counts['high']:.0f} %)"


if __name__ == "__main__":
    auto_cli(summarize_runs, as_positional=False)
