"""The command lines, run as a user runs them."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

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


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model.regulariser", "null"], "regulariser"),
        (["--model.policy", "nowhere"], "nowhere"),
        (["--data.batchsize", "3"], "batchsize"),
        (["--config", "nothing.yaml"], "nothing.yaml"),
    ],
)
def test_a_wrong_key_or_path_is_named(arguments, message, capfd, monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "argv", ["train.py"])
    with pytest.raises((SystemExit, ValueError)) as error:
        train(arguments)
    assert message in capfd.readouterr().err + str(error.value)


@pytest.mark.parametrize("file", sorted((ROOT / "configs").rglob("*.yaml")), ids=lambda file: file.stem)
def test_every_configuration_parses(file, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "argv", ["train.py"])
    base = [] if "class_path: vlareg.data." in file.read_text() else ["--config", "configs/train.yaml"]
    with pytest.raises(SystemExit) as stopped:
        train([*base, "--config", str(file), "--print_config"])
    assert stopped.value.code == 0
    assert "class_path: vlareg.data." in capsys.readouterr().out
