"""The command lines, run as a user runs them."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from vlareg.cli import train

ROOT = Path(__file__).parent.parent


def _arguments(checkpoint, demonstrations, folder, steps=4):
    return [
        "--config", str(ROOT / "configs/train.yaml"), "--model.policy", str(checkpoint),
        "--data.demonstrations", f"{{tasks: [0, 1], train_episodes: 3, validation_episodes: 2, folder: {demonstrations.folder}}}",
        "--data.batch_size", "4", "--trainer.max_steps", str(steps), "--trainer.val_check_interval", "2",
        "--trainer.default_root_dir", str(folder), "--trainer.precision", "32-true", "--trainer.callbacks=vlareg.callbacks.AlignmentMonitor",
        "--trainer.callbacks.layers=[language_model.model.layers.1]", "--trainer.callbacks.k=3", "--trainer.callbacks.every_n_steps=2",
        "--trainer.callbacks+=ModelCheckpoint", "--trainer.callbacks.every_n_train_steps=1", "--trainer.callbacks.save_last=true",
        "--model.regularizers=RSCL", "--model.regularizers.layer=language_model.model.layers.1", "--model.regularizers.dim=192",
        "--model.regularizers+=TeacherAlignment", "--model.regularizers.layers=[language_model.model.layers.1]",
        "--model.regularizers.dim=192", "--model.regularizers.teacher=vlareg.teachers.EfficientNetLiteTeacher",
        "--model.regularizers.teacher.image_size=96", "--model.regularizers.teacher.layer=-2",
    ]  # fmt: skip


def _weights(folder: Path) -> dict[str, torch.Tensor]:
    return torch.load(folder / "checkpoints/last.ckpt", weights_only=True)["state_dict"]


def _start(arguments: list[str]) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen([sys.executable, str(ROOT / "train.py"), *arguments], env=environment, stdin=subprocess.DEVNULL)


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
    for name in ("policy/model.safetensors", "policy/dataset_statistics.json", "curves.json", "alignment.png", "config.yaml"):
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
    with pytest.raises((SystemExit, FileNotFoundError)) as error:
        train(arguments)
    assert message in capfd.readouterr().err + str(error.value)


@pytest.mark.parametrize("file", sorted((ROOT / "configs").rglob("*.yaml")), ids=lambda file: file.stem)
def test_every_configuration_parses(file, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "argv", ["train.py"])
    base = [] if "max_steps" in file.read_text() else ["--config", "configs/train.yaml"]
    with pytest.raises(SystemExit) as stopped:
        train([*base, "--config", str(file), "--print_config"])
    assert stopped.value.code == 0
    assert "class_path: vlareg.data." in capsys.readouterr().out
