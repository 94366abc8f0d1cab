import json

import pytest
from rich.console import Console

from vlareg.callbacks.curves import Curves
from vlareg.summary import success_table, summarize_runs


def _summary(successes: int) -> dict:
    counts = {"episodes": 10, "successes": successes, "rate": successes / 10, "low": 0.1, "high": 0.9}
    return {**counts, "tasks": [{**counts, "task": 6, "instruction": "put it there"}]}


def test_the_report_has_table_figure_and_a_video_of_each_policy(tmp_path, capsys):
    for name, successes in (("a", 3), ("b", 8)):
        (tmp_path / name / "videos").mkdir(parents=True)
        (tmp_path / name / "summary.json").write_text(json.dumps(_summary(successes)))
        (tmp_path / name / "videos/task6-init0-success.mp4").write_bytes(b"film")
    curves = Curves()
    curves.add(0, {"val/teacher/cosine": 0.1})
    curves.save(tmp_path / "run/curves.json")
    folders = {name: str(tmp_path / name) for name in "ab"}
    summarize_runs(folders, {"a": str(tmp_path / "run")}, str(tmp_path / "report"))
    assert {"3/10 (10-90 %)", "8/10 (10-90 %)"} <= {cell.strip() for cell in capsys.readouterr().out.split("│")}
    assert json.loads((tmp_path / "report/success.json").read_text())["b"]["successes"] == 8
    names = {file.name for file in (tmp_path / "report").iterdir()}
    assert names == {"success.json", "curves.png", "a-task6-init0-success.mp4", "b-task6-init0-success.mp4"}


def test_a_missing_result_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nothing/summary\.json"):
        summarize_runs({"a": str(tmp_path / "nothing")}, {}, str(tmp_path))


def test_errors_alone_are_no_rate():
    summary = _summary(0)
    summary["tasks"][0]["rate"] = None
    console = Console(width=120)
    with console.capture() as captured:
        console.print(success_table({"a": summary}))
    assert "no episode" in captured.get()
