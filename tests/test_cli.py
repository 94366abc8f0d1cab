"""The command lines, run as a user runs them."""

import ast
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
import yaml

from vlareg import cli
from vlareg.cli import train
from vlareg.data import Demonstrations

ROOT = Path(__file__).parent.parent


LAYER = "language_model.model.layers.1"


def _arguments(checkpoint: Path, demonstrations: Demonstrations, folder: Path) -> list[str]:
    """Return the arguments of a run of four steps on the small data, with both regularizers and the monitor."""
    callbacks = {
        "vlareg.callbacks.AlignmentMonitor": {"points": ["llm.1.condition"], "k": 3, "every_n_steps": 2},
        "lightning.pytorch.callbacks.ModelCheckpoint": {"every_n_train_steps": 1, "save_last": True},
    }
    regularizers = {
        "RSCL": {"layer": LAYER, "dim": 192},
        "TeacherAlignment": {"layers": [LAYER], "dim": 192, "teacher": _described(TEACHER)[0]},
    }
    trainer = {"max_steps": 4, "val_check_interval": 2, "default_root_dir": str(folder), "precision": "32-true"}
    changes = {
        "model": {"policy": str(checkpoint), "regularizers": _described(regularizers, "vlareg.regularizers.")},
        "data": {
            "class_path": "vlareg.data.LiberoData",
            "init_args": {"demonstrations": asdict(demonstrations), "batch_size": 4},
        },
        "trainer": {**trainer, "callbacks": _described(callbacks)},
    }
    file = folder.with_suffix(".yaml")
    file.write_text(yaml.safe_dump(json.loads(json.dumps(changes))))
    return ["--config", str(ROOT / "configs/train.yaml"), "--config", str(file)]


TEACHER = {"vlareg.teachers.EfficientNetLiteTeacher": {"image_size": 96, "layer": -2}}


def _described(classes: dict[str, dict[str, Any]], prefix: str = "") -> list[dict[str, Any]]:
    return [{"class_path": prefix + name, "init_args": arguments} for name, arguments in classes.items()]


def _weights(folder: Path) -> dict[str, torch.Tensor]:
    return torch.load(folder / "checkpoints/last.ckpt", weights_only=True)["state_dict"]


def _start(arguments: list[str]) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, str(ROOT / "train.py"), *arguments], env=environment, stdin=subprocess.DEVNULL
    )


def test_a_killed_run_resumes_to_the_weights_of_an_uninterrupted_one(checkpoint, demonstrations, tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert _start(_arguments(checkpoint, demonstrations, whole)).wait() == 0
    process = _start(_arguments(checkpoint, demonstrations, killed))
    last = killed / "checkpoints/last.ckpt"
    while not last.exists():
        assert process.poll() is None, "the run ended before it could be killed"
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not (killed / "policy").exists()
    assert _start([*_arguments(checkpoint, demonstrations, killed), "--ckpt_path", str(last)]).wait() == 0
    expected, found = _weights(whole), _weights(killed)
    assert expected.keys() == found.keys()
    assert all(torch.equal(expected[name], found[name]) for name in expected)
    for name in (
        "policy/model.safetensors",
        "policy/dataset_statistics.json",
        "curves.json",
        "alignment.json",
        "alignment.png",
        "alignment_matrix.png",
        "config.yaml",
    ):
        assert (whole / name).stat().st_size > 0
    assert (whole / "curves.json").read_text() == (killed / "curves.json").read_text()


@pytest.fixture
def short(checkpoint, demonstrations, tmp_path, monkeypatch):
    """Return the arguments of a run of two steps in `tmp_path / "run"`, without regularizers and monitor."""
    monkeypatch.setattr(sys, "argv", ["train.py"])
    saver = {"lightning.pytorch.callbacks.ModelCheckpoint": {"every_n_train_steps": 1, "save_last": True}}
    trainer = {"max_steps": 2, "enable_progress_bar": False, "callbacks": _described(saver)}
    changes = {"model": {"regularizers": []}, "trainer": trainer, "start_up_probes": {"enabled": False}}
    file = tmp_path / "short.yaml"
    file.write_text(yaml.safe_dump(changes))
    return [*_arguments(checkpoint, demonstrations, tmp_path / "run"), "--config", str(file)]


def test_validating_leaves_the_files_of_the_run_as_they_are(short, tmp_path):
    def files():
        folder = tmp_path / "run"
        return {
            file: file.read_bytes() for file in folder.rglob("*") if file.is_file() and "validate" not in file.parts
        }

    train(short)
    before = files()
    train(["validate", *short, "--data.init_args.batch_size", "2"])
    assert files() == before
    assert list((tmp_path / "run/validate").rglob("metrics.csv"))


def test_the_last_checkpoint_is_of_the_newest_run_in_a_folder(short, tmp_path):
    last = tmp_path / "run/checkpoints/last.ckpt"
    for steps in (2, 1, 2):
        train([*short, "--trainer.max_steps", str(steps)])
        assert torch.load(last, weights_only=True)["global_step"] == steps
    train([*short, "--trainer.max_steps", "3", "--ckpt_path", str(last)])
    assert torch.load(last, weights_only=True)["global_step"] == 3
    with pytest.raises(SystemExit, match="max_steps"):
        train([*short, "--trainer.max_steps", "0"])
    assert not last.exists(), "a run that was stopped before its first checkpoint would go on from another one's last"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model.regulariser", "null"], "unrecognized arguments: --model.regulariser"),
        (["--model.policy", "no/where"], "'no/where' is no local folder"),
        (
            ["--data.batchsize", "3"],
            "Parser key \"data\": Problem with given class_path 'vlareg.data.LiberoData': Option 'batchsize'",
        ),
        (["--model.gradient_steps", "some"], 'Parser key "model.gradient_steps": Expected a'),
        (["--config", "nothing.yaml"], "nothing.yaml"),
        (["--ckpt_path", "nothing.ckpt"], "nothing.ckpt"),
        (
            ["--model.regularizers", "[{class_path: RSCL, init_args: {layer: layers.9, dim: 192}}]"],
            "No module at `layers.9`",
        ),
        (["--trainer.accelerator", "abacus"], "abacus"),
    ],
)
def test_a_mistake_is_one_line(short, arguments, message):
    with pytest.raises(SystemExit, match=r"^error: ") as stopped:
        train([*short, *arguments])
    assert message in stopped.value.code
    assert "\n" not in stopped.value.code


@pytest.mark.parametrize("overlay", ["plain.yaml", "experiment/full.yaml", "experiment/think.yaml"])
def test_a_file_of_changes_alone_is_told_what_to_put_before_it(overlay, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["train.py"])
    with pytest.raises(SystemExit, match=r"put .* before it, such as `--config configs/train.yaml`\.$"):
        train(["--config", str(ROOT / "configs" / overlay)])


@pytest.mark.parametrize(("error", "dev_mode"), [(RuntimeError, False), (ValueError, True)])
def test_a_defect_keeps_its_traceback_and_so_does_all_in_development_mode(error, dev_mode, monkeypatch):
    def fail(*_, **__):
        raise error("here")

    monkeypatch.setattr(cli, "TrainCLI", fail)
    monkeypatch.setattr(sys, "flags", SimpleNamespace(dev_mode=dev_mode))
    with pytest.raises(error, match="here"):
        train([])


def test_help_says_what_to_type_and_every_argument_is_described(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "argv", ["train.py", "--help"])
    commands = str(ast.get_docstring(ast.parse((ROOT / "train.py").read_text())))
    train(description=commands)
    assert capsys.readouterr().out.strip() == commands
    for line in commands.splitlines()[1:]:
        typed = shlex.split(line, comments=True)[2:]
        if any(word in " ".join(typed) for word in ("help", "print_config")):
            with pytest.raises(SystemExit) as stopped:
                train(typed)
            assert stopped.value.code == 0
    shown = capsys.readouterr()
    assert all(
        text in shown.out
        for text in ("--model.lora", "--model.regularizers.layer", "class_path: vlareg.data.LiberoData")
    )
    assert "args" not in shown.err


def test_only_what_a_policy_can_do_is_offered(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["train.py"])
    with pytest.raises(SystemExit, match=r"^error: .*'test' \(choose from 'fit', 'validate'\)$") as stopped:
        train(["test"])
    assert "\n" not in stopped.value.code


def test_the_recorder_is_no_module_that_runs_twice():
    command = [sys.executable, "-W", "error::RuntimeWarning", "-m", "vlareg.data.demonstrations", "--help"]
    assert subprocess.run(command, capture_output=True, cwd=ROOT).returncode == 0


@pytest.mark.parametrize("file", sorted((ROOT / "configs").rglob("*.yaml")), ids=lambda file: file.stem)
def test_every_configuration_parses(file, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "argv", ["train.py"])
    base = [] if "class_path: vlareg.data." in file.read_text() else ["--config", "configs/train.yaml"]
    with pytest.raises(SystemExit) as stopped:
        train([*base, "--config", str(file), "--print_config"])
    assert stopped.value.code == 0
    assert "class_path: vlareg.data." in capsys.readouterr().out
