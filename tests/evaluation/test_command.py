"""The command line, from what is typed to what `evaluate` gets."""

from pathlib import Path
from typing import Any

import pytest

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
