"""The command line, from what is typed to what `evaluate` gets and what the reading commands write."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.evaluation.results_folders import write_results
from vlareg.evaluation import command


def test_typed_words_reach_the_function(monkeypatch: pytest.MonkeyPatch) -> None:
    got: dict[str, Any] = {}

    def evaluate(
        checkpoint: Path = Path("a"), tasks: list[int] | None = None, random_weights: bool = False, seed: int = 0
    ):  # type: ignore[no-untyped-def]
        got.update(locals())

    monkeypatch.setattr(command, "evaluate", evaluate)
    command.main(["--tasks", "6", "7", "--checkpoint", "b/c", "--random-weights", "--seed=-1"])
    got.pop("got", None)
    assert got == {"checkpoint": Path("b/c"), "tasks": [6, 7], "random_weights": True, "seed": -1}
    command.main(["--tasks=[1]"])
    assert got["tasks"] == [1]


@pytest.mark.parametrize(
    "words", [["--instruction", "wrong"], ["--workers", "many"], ["--speed", "3"], ["--tasks", "six"]]
)
def test_wrong_words_are_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        command.main(words)
    assert exit_.value.code == 2
    assert words[0].lstrip("-") in capsys.readouterr().err


def test_help_describes_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(["--help"])
    shown = capsys.readouterr().out
    assert "Roll a checkpoint out on a suite" in shown
    assert "Numbers of the tasks; all where none is given." in " ".join(shown.split())


def test_an_interruption_says_how_to_go_on(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "evaluate", interrupted)
    with pytest.raises(SystemExit) as exit_:
        command.main([])
    assert exit_.value.code == 130
    assert "the same command goes on" in capsys.readouterr().err


def test_compare_shows_a_table_and_writes_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a, b = (write_results(tmp_path / name, {0: word}) for name, word in (("a", "+---"), ("b", "++++")))
    command.main(["compare", str(a), str(b), "--output", str(tmp_path / "out")])
    shown = capsys.readouterr().out
    assert "0/3" in shown
    assert str(tmp_path / "out/compare.json") in shown
    found = json.loads((tmp_path / "out/compare.json").read_text())
    assert (found["only_b"], found["difference"], len(found["tasks"])) == (3, 0.75, 1)


def test_compare_takes_arms_of_seeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, word in (("a0", "+---"), ("a1", "----"), ("b0", "++++"), ("b1", "+++-")):
        write_results(tmp_path / name, {0: word})
    command.main(["compare", "--a", "a0", "a1", "--b", "b0", "b1"])
    found = json.loads((tmp_path / "outputs/comparison/a0-b0/compare.json").read_text())
    assert [(seed["a"], seed["b"], seed["only_b"]) for seed in found["seeds"]] == [("a0", "b0", 3), ("a1", "b1", 3)]


def test_report_writes_a_page_and_logs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_results(tmp_path / "a", {0: "+-"})
    command.main(["report", str(folder), "--loggers", "tensorboard"])
    assert capsys.readouterr().out == f"{folder / 'report.html'}\n"
    assert list((folder / "tensorboard").glob("events*"))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["compare", "a"], "takes two results folders"),
        (["compare", "a", "b", "--a", "c"], "takes two results folders"),
        (["compare", "--a", "c"], "takes two results folders"),
        (["compare", "nothing", "nowhere"], "no results folder"),
        (["merge", "out", "nothing"], "no results folder"),
        (["report", "nothing"], "no results folder"),
    ],
)
def test_wrong_folders_are_one_line(words: list[str], message: str) -> None:
    with pytest.raises(SystemExit, match=f"^error: .*{message}"):
        command.main(words)


@pytest.mark.parametrize("name", ["compare", "merge", "report"])
def test_the_reading_commands_have_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        command.main([name, "--help"])
    assert exit_.value.code == 0
    assert f"eval_libero.py {name}" in capsys.readouterr().out
