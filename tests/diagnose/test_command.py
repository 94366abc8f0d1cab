import runpy
import sys

import pytest

from tests.diagnose.conftest import OPTIONS, write_pictures
from vlareg.data.conventions import REGENERATED_HDF5
from vlareg.diagnose import command


def _error(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        command.main([str(argument) for argument in arguments])
    return f"{stopped.value.code} {capsys.readouterr().err}"


def test_the_command_prints_tables_that_fit_and_the_files(
    checkpoint, data, tmp_path, capsys, monkeypatch, scenes_without_simulator
):
    monkeypatch.setenv("VLAREG_CACHE", str(tmp_path / "cache"))
    options = [f"--{name}={value}" for name, value in vars(OPTIONS).items() if name not in ("base", "tsne")]
    given = [f"--data.{name}={value}" for name, value in vars(data).items() if name not in ("tasks", "conventions")]
    images = write_pictures(tmp_path / "brightness")
    arguments = [checkpoint, "--output", tmp_path / "out", "--images", images, "--tsne=false", "--data.tasks=[0,1]"]
    monkeypatch.setattr(sys, "argv", ["diagnose", *map(str, arguments), *given, *options])
    runpy.run_module("vlareg.diagnose", run_name="__main__")
    printed = capsys.readouterr().out
    lines = printed.splitlines()
    assert lines[-5:] == [
        str(tmp_path / "out" / name)
        for name in ("diagnose.json", "probe.png", "attention.png", "embedding.png", "layers.png")
    ]
    assert max(map(len, lines[:-5])) <= command.WIDTH
    assert "pixels 1.000" in printed
    assert "LLM at patches 1" in printed


@pytest.mark.parametrize(
    ("classes", "count", "message"),
    [
        ((), 0, "has 0 class(es) with pictures"),
        (("one",), 9, "has 1 class(es) with pictures (['one']), but needs two"),
        (("one", "two"), 3, "has 3 picture(s), but a class needs at least 4"),
    ],
)
def test_pictures_that_cannot_be_probed_are_named(checkpoint, tmp_path, capsys, classes, count, message):
    (tmp_path / "pictures").mkdir()
    write_pictures(tmp_path / "pictures", classes, count)
    assert message in _error([checkpoint, "--output", tmp_path / "o", "--images", tmp_path / "pictures"], capsys)
    assert not (tmp_path / "o").exists()


def test_two_folders_of_one_name_are_refused(checkpoint, tmp_path, capsys):
    folders = [write_pictures(tmp_path / side / "same") for side in "ab"]
    message = _error([checkpoint, "--output", tmp_path / "o", "--images", *folders], capsys)
    assert "two are called 'same'" in message


def test_a_folder_of_regenerated_files_can_be_named(monkeypatch, capsys):
    def stop(checkpoints, output, images, data, options):
        raise ValueError(f"regenerated: {data.conventions == REGENERATED_HDF5}")

    monkeypatch.setattr(command, "run_diagnosis", stop)
    given = [
        "--data.folder=b",
        "--data.conventions.observed_after_action=false",
        "--data.conventions.language=file_name",
    ]
    assert "regenerated: True" in _error(["a", "--output", "c", *given], capsys)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ([], "checkpoints"),
        (["a"], "output"),
        (["a", "--output", "o", "--image", "x"], "image"),
        (["a", "--output", "o", "--k", "1"], "`k` must be >= 2, but got 1"),
        (["nowhere", "--output", "o"], "`checkpoint` must be a policy's folder"),
    ],
)
def test_wrong_arguments_are_named(arguments, named, capsys):
    assert named in _error(arguments, capsys)
