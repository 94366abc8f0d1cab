import json
import shutil

import pytest

from vlareg.arms.__main__ import compare_arms, main


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("VLAREG_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "200")


def _compare(experiment, **options):
    compare_arms(str(experiment), points=("llm.1.condition",), k=3, **options)


def test_the_table_has_each_arm_beside_its_control(experiment, capsys):
    _compare(experiment)
    rows = {line.split("│")[1].strip(): line for line in capsys.readouterr().out.splitlines() if line.count("│") > 3}
    assert "1.00 -> 0.75" in rows["other"]
    assert "18/20" in rows["other"]
    assert "+50 (" in rows["other"]
    assert "8/20" in rows["plain"]
    assert "+" not in rows["plain"]
    assert "+0.000 (+0.000 to +0.000)" in rows["same"]
    assert "+0 (" in rows["same"]
    arms = {arm["name"]: arm for arm in json.loads((experiment / "arms.json").read_text())}
    assert arms["other"]["success"]["only_b"] == 10
    assert len(arms["other"]["differences"]["llm.1.condition"]) == 2


def test_a_wrong_folder_is_one_line(tmp_path):
    with pytest.raises(SystemExit, match=r"^error: No finished run in .*"):
        main([str(tmp_path)])


def test_help_says_what_to_type(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    assert capsys.readouterr().out.startswith("usage: python -m vlareg.arms ")


def test_an_arm_without_its_control_is_refused(experiment, tmp_path):
    shutil.copytree(experiment / "other/0", tmp_path / "runs/other/0")
    with pytest.raises(ValueError, match="no finished run plain/0"):
        _compare(tmp_path / "runs")


def test_without_roll_outs_successes_are_left_open(experiment, tmp_path, capsys):
    for arm in ("plain", "other"):
        shutil.copytree(experiment / arm / "0", tmp_path / "runs" / arm / "0")
    shutil.rmtree(tmp_path / "runs/other/0/evaluation")
    _compare(tmp_path / "runs")
    row = next(line for line in capsys.readouterr().out.splitlines() if "other" in line)
    assert row.endswith(" - │")


def test_roll_outs_are_read_from_the_named_folder(experiment, tmp_path, capsys):
    for arm in ("plain", "other"):
        run = shutil.copytree(experiment / arm / "0", tmp_path / "runs" / arm / "0")
        (run / "evaluation").rename(run / "light")
    _compare(tmp_path / "runs")
    assert "9/10" not in capsys.readouterr().out
    _compare(tmp_path / "runs", evaluation="light")
    assert "9/10" in capsys.readouterr().out
