"""Roll-outs beside a training: their numbers, their errors, their end, and that the training does not notice them."""

import csv
import os
import signal
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from lightning import Callback, Trainer
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger

from vlareg.callbacks import RolloutMonitor, Rollouts, rollouts
from vlareg.data import LiberoData
from vlareg.evaluation import read_records, wilson_interval
from vlareg.module import RegularizedPolicy

ENTRY = """
import json, pathlib, sys
told = dict(argument[2:].split("=", 1) for argument in sys.argv[1:])
policy, output = pathlib.Path(told["checkpoint"]), pathlib.Path(told["output"])
assert (policy / "config.json").exists() and (policy / "model.safetensors").exists()
record = {"suite": told["suite"], "seed": 0, "steps": 30, "instruction": "go"}
with (output / "episodes.jsonl").open("w") as file:
    for task in json.loads(told["tasks"]):
        for index in range(int(told["episodes"])):
            file.write(json.dumps({**record, "task": task, "init_index": index, "success": index == 0}) + chr(10))
"""
"""Stands in for `eval_libero.py` where its episodes do not matter."""

SLOW = "import time; print('busy', flush=True); time.sleep(300)"


class Crash(Callback):
    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx) -> None:
        if trainer.global_step == 2:
            raise RuntimeError("crash")


@pytest.fixture
def fit(checkpoint, demonstrations, tmp_path):
    """Return a function that trains with some callbacks and returns the trainer."""

    def train(*callbacks, steps=4, name="run", **options) -> Trainer:
        torch.manual_seed(0)
        root = tmp_path / name
        options = {"limit_val_batches": 0, "enable_checkpointing": False, "enable_model_summary": False} | options
        trainer = Trainer(
            max_steps=steps, accelerator="cpu", default_root_dir=root, callbacks=list(callbacks), enable_progress_bar=False,
            use_distributed_sampler=False, logger=[CSVLogger(root, "", ""), TensorBoardLogger(root / "tensorboard", "", "")], **options,
        )  # fmt: skip
        data = LiberoData(str(checkpoint), demonstrations, batch_size=4)
        trainer.fit(RegularizedPolicy(str(checkpoint), gradient_steps=None), data)
        return trainer

    return train


def logged(trainer: Trainer) -> dict[int, dict[str, float]]:
    """Return what the CSV has of roll-outs: step -> name -> value."""
    found: dict[int, dict[str, float]] = {}
    file = Path(trainer.log_dir) / "metrics.csv"
    for row in csv.DictReader(file.open()) if file.exists() else ():
        values = {name: float(value) for name, value in row.items() if name.startswith("rollout/") and value}
        if values:
            found.setdefault(int(row["step"]), {}).update(values)
    return found


def test_real_episodes_are_rolled_out(fit) -> None:
    """By `eval_libero.py` itself, in 32 pixels."""
    monitor = RolloutMonitor(Rollouts(tasks=(0,), episodes=1, options={"resolution": 32, "workers": 1}), 2, 300.0)
    trainer = fit(monitor, steps=2)
    folder = Path(trainer.log_dir) / "rollouts" / "step_2"
    [record] = read_records(folder / "episodes.jsonl")
    assert (record.suite, record.task, record.error) == ("libero_mini", 0, None)
    assert logged(trainer)[2]["rollout/success_rate"] == float(record.success)
    assert not (folder / "policy").exists()


def test_the_result_is_logged_at_the_snapshot_s_step(fit, monkeypatch) -> None:
    monkeypatch.setattr(rollouts, "ENTRY", ENTRY)
    monitor = RolloutMonitor(Rollouts(tasks=(6, 7), episodes=4), every_n_steps=3, wait_at_end=60.0)
    trainer = fit(monitor, steps=4)
    values = logged(trainer)[3]
    assert logged(trainer).keys() == {3}
    assert values["rollout/success_rate"] == values["rollout/libero_mini/task07/success_rate"] == 0.25
    assert values["rollout/episodes"] == 8
    assert (values["rollout/low"], values["rollout/high"]) == pytest.approx(wilson_interval(2, 8))
    assert not any(name.startswith("rollout/") for name in trainer.callback_metrics)
    events = b"".join(file.read_bytes() for file in Path(trainer.default_root_dir).glob("tensorboard/events*"))
    assert b"rollout/success_rate" in events
    assert (monitor.skipped, monitor.failed) == (0, 0)


def test_the_training_is_the_same_with_it(fit, monkeypatch) -> None:
    monkeypatch.setattr(rollouts, "ENTRY", ENTRY)
    monitor = RolloutMonitor(Rollouts(tasks=(6,), episodes=1), every_n_steps=1, wait_at_end=60.0)
    runs = [fit(*callbacks, steps=3, name=f"run{len(callbacks)}") for callbacks in ((), (monitor,))]
    plain, watched = (trainer.lightning_module.state_dict() for trainer in runs)
    assert plain.keys() == watched.keys()
    assert all(torch.equal(plain[name], watched[name]) for name in plain)
    assert logged(runs[1])


def test_what_falls_due_while_episodes_run_is_counted_and_they_end_with_the_training(fit, monkeypatch) -> None:
    monkeypatch.setattr(rollouts, "ENTRY", SLOW)
    started = remember_processes(monkeypatch)
    monitor = RolloutMonitor(every_n_steps=1)
    with pytest.warns(UserWarning, match="roll-outs of step 1 end with the training"):
        trainer = fit(monitor, steps=3, accumulate_grad_batches=2)
    assert monitor.skipped == 2
    assert logged(trainer) == {2: {"rollout/skipped": 1.0}, 3: {"rollout/skipped": 2.0}}
    assert [process._process.returncode for process in started] == [-signal.SIGTERM]
    assert not (Path(trainer.log_dir) / "rollouts" / "step_1" / "policy").exists()


def test_they_end_with_an_error_of_the_training(fit, monkeypatch) -> None:
    monkeypatch.setattr(rollouts, "ENTRY", SLOW)
    started = remember_processes(monkeypatch)
    with pytest.raises(RuntimeError, match="crash"):
        fit(RolloutMonitor(every_n_steps=1), Crash())
    assert [process._process.returncode for process in started] == [-signal.SIGTERM]


def test_an_error_is_shown_and_is_no_number(fit, monkeypatch) -> None:
    monkeypatch.setattr(rollouts, "ENTRY", "raise RuntimeError('no simulator here')")
    monitor = RolloutMonitor(every_n_steps=2, wait_at_end=60.0)
    with pytest.warns(UserWarning, match=r"(?s)step 2 have no result: exit code 1.*no simulator here"):
        trainer = fit(monitor, steps=2)
    assert logged(trainer) == {2: {"rollout/failed": 1.0}}


def test_a_full_disk_costs_the_snapshot_and_not_the_training(fit, monkeypatch) -> None:
    def export(self, folder) -> None:
        if "rollouts" in str(folder):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(RegularizedPolicy, "export", export)
    monitor = RolloutMonitor(every_n_steps=2)
    with pytest.warns(UserWarning, match="step 2 have no result: .*No space left"):
        fit(monitor, steps=3)
    assert (monitor.failed, monitor.skipped) == (1, 0)


def test_only_the_first_rank_starts_a_process(tmp_path, monkeypatch) -> None:
    """The others take part in the export, which may gather weights from all."""
    started, exported = remember_processes(monkeypatch), []
    trainer = SimpleNamespace(
        strategy=SimpleNamespace(broadcast=lambda value: value),
        fast_dev_run=False,
        logger=None,
        default_root_dir=str(tmp_path),
        is_global_zero=False,
        global_step=1,
    )
    monitor = RolloutMonitor(every_n_steps=1)
    monitor.on_train_batch_end(trainer, SimpleNamespace(export=exported.append))
    assert exported == [tmp_path / "rollouts" / "step_1" / "policy"]
    assert started == []
    assert not any(tmp_path.iterdir())


def test_a_killed_training_takes_the_process_and_its_workers_along(tmp_path, monkeypatch) -> None:
    """The end of the pipe is all that a killed training leaves."""
    worker = "import subprocess, sys, time; print(subprocess.Popen(['sleep', '300']).pid, flush=True); time.sleep(300)"
    monkeypatch.setattr(rollouts, "ENTRY", worker)
    process = rollouts.RolloutProcess(Rollouts(), tmp_path, tmp_path, {})
    output = tmp_path / "output.txt"
    while not output.read_text().strip():
        time.sleep(0.05)
    process._process.stdin.close()
    process.wait(30.0)
    assert process._process.returncode == -signal.SIGKILL
    assert not runs(int(output.read_text()))


def runs(pid: int) -> bool:
    """Return whether a process is there and has not ended."""
    for _ in range(100):
        stat = Path(f"/proc/{pid}/stat")
        if not stat.exists() or stat.read_text().rsplit(")", 1)[1].split()[0] == "Z":
            return False
        time.sleep(0.05)
    os.kill(pid, signal.SIGKILL)
    return True


def remember_processes(monkeypatch) -> list[rollouts.RolloutProcess]:
    """Return a list of all processes that are started from now on."""
    started: list[rollouts.RolloutProcess] = []
    initialize = rollouts.RolloutProcess.__init__

    def remember(self, *arguments) -> None:
        started.append(self)
        initialize(self, *arguments)

    monkeypatch.setattr(rollouts.RolloutProcess, "__init__", remember)
    return started


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Rollouts(suite="libero_mni"), "Did you mean libero_mini"),
        (lambda: Rollouts(tasks=(0, 10)), r"`tasks` must be in 0\.\.9 for libero_mini, but got \[0, 10\]"),
        (lambda: Rollouts(tasks=()), "`tasks` must be in"),
        (lambda: Rollouts(episodes=0), "`episodes` must be > 0, but got 0"),
        (lambda: RolloutMonitor(every_n_steps=0), "`every_n_steps` must be > 0, but got 0"),
        (lambda: RolloutMonitor(wait_at_end=-1.0), "`wait_at_end` must be >= 0, but got -1.0"),
    ],
)
def test_arguments_are_checked(make, message) -> None:
    with pytest.raises(ValueError, match=message):
        make()
