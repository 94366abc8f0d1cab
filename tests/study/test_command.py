import json
import runpy
import sys

import pytest

from tests.study.conftest import OPTIONS
from vlareg.data.conventions import REGENERATED_HDF5
from vlareg.study import command


def _error(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        command.main([str(argument) for argument in arguments])
    return f"{stopped.value.code} {capsys.readouterr().err}"


def test_the_command_compares_policies_of_two_sizes(checkpoint, deeper, data, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("VLAREG_CACHE", str(tmp_path / "cache"))
    options = [f"--{name}={value}" for name, value in vars(OPTIONS).items() if name != "language"]
    given = [f"--data.{name}={value}" for name, value in vars(data).items() if name not in ("tasks", "conventions")]
    arguments = [
        checkpoint,
        deeper,
        "--report",
        tmp_path / "report",
        "--data.tasks=[0,1]",
        *given,
        *options,
        "--language=false",
    ]
    monkeypatch.setattr(sys, "argv", ["study", *map(str, arguments)])
    runpy.run_module("vlareg.study", run_name="__main__")
    files = [tmp_path / "report" / name for name in ("study.html", "study.json")]
    assert capsys.readouterr().out.split() == [str(file) for file in files]
    page, numbers = files[0].read_text(), json.loads(files[1].read_text())
    assert "The given policies have 2 sizes" in page
    read = {score["point"] for score in numbers["scores"] if score["policy"] == deeper.name}
    assert {"llm.2.last_prompt", "llm.2.patches"} <= read
    assert numbers["encoder_weights"][deeper.name]["verdict"] == "changed"


def test_a_missing_checkpoint_is_named(checkpoint, tmp_path, capsys):
    message = _error([checkpoint, tmp_path / "nothing", "--report", tmp_path / "report"], capsys)
    assert "error: `checkpoint` must be a policy's folder" in message
    assert str(tmp_path / "nothing") in message


def test_a_folder_without_evaluation_is_named(checkpoint, tmp_path, capsys):
    message = _error([checkpoint, "--evaluations", tmp_path, "--report", tmp_path / "report"], capsys)
    assert (
        f"`evaluations` must be results folders of `eval_libero.py`, but '{tmp_path}' has no settings.json" in message
    )


def test_a_missing_sentence_encoder_is_named(checkpoint, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("vlareg.study.sentence_encoder.importlib.util.find_spec", lambda name: None)
    message = _error([checkpoint, "--report", tmp_path / "report"], capsys)
    assert "`pip install vlareg[study]`" in message
    assert not (tmp_path / "report").exists()


def test_a_folder_of_regenerated_files_can_be_named(monkeypatch, capsys):
    def stop(checkpoints, report, data, *rest):
        raise ValueError(f"regenerated: {data.conventions == REGENERATED_HDF5}")

    monkeypatch.setattr(command, "run_study", stop)
    given = [
        "--data.folder=b",
        "--data.conventions.observed_after_action=false",
        "--data.conventions.language=file_name",
    ]
    assert "regenerated: True" in _error(["a", "--report", "c", *given], capsys)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ([], "checkpoints"),
        (["a"], "report"),
        (["a", "--report", "r", "--data.task", "[6]"], "data.task"),
        (["a", "--report", "r", "--neighbours", "3"], "neighbours"),
        (["a", "--report", "r", "--k", "0"], "`k` must be >= 1, but got 0"),
    ],
)
def test_wrong_arguments_are_named(arguments, named, capsys):
    assert named in _error(arguments, capsys)
