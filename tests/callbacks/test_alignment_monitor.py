import math
import os

import pytest
import torch
from lightning import Callback, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch.utils.data import DataLoader

from tests.callbacks.toy import ToyData, ToyModule, random_batch
from tests.two_ranks import on_two_ranks
from vlareg.callbacks import AlignmentMonitor, Curves, load_records

SCORE = "alignment/block.condition/proprio/mutual_knn_k5_n72"


def _monitor(**arguments) -> AlignmentMonitor:
    defaults = {"points": ["block.condition"], "targets": ["actions.full", "proprio"], "k": 5, "every_n_steps": 2}
    return AlignmentMonitor(**{**defaults, **arguments})


def _fit(folder, *callbacks, steps=5, module=None, resume=None, **arguments) -> Trainer:
    torch.manual_seed(0)
    options = {"logger": CSVLogger(folder, name="", version=""), "enable_checkpointing": False, **arguments}
    trainer = Trainer(
        max_steps=steps, max_epochs=-1, default_root_dir=folder, callbacks=list(callbacks), enable_progress_bar=False,
        enable_model_summary=False, accelerator="cpu", log_every_n_steps=1, **options,
    )  # fmt: skip
    trainer.fit(module or ToyModule(), ToyData(), ckpt_path=resume, weights_only=True)
    return trainer


def test_scores_are_kept_logged_and_drawn_at_the_start_when_due_and_at_the_end(tmp_path):
    monitor = _monitor()
    loggers = [TensorBoardLogger(tmp_path, name="", version=""), CSVLogger(tmp_path, name="csv")]
    trainer = _fit(tmp_path, monitor, logger=loggers)
    assert [record.step for record in monitor.records] == [0, 2, 4, 5]
    assert load_records(tmp_path / "alignment.json") == monitor.records
    last = monitor.records[-1].scalars()
    assert len(last) == 2 * 2 * 3
    assert {SCORE, f"{SCORE}/chance", f"{SCORE}/calibrated"} < last.keys()
    assert {name: float(trainer.callback_metrics[name]) for name in last} == pytest.approx(last)
    assert Curves.load(tmp_path / "curves.json").points[SCORE] == [[r.step, r.named()[SCORE]] for r in monitor.records]
    events = EventAccumulator(str(tmp_path))
    events.Reload()
    assert [event.step for event in events.Scalars(SCORE)] == [0, 2, 4, 5]
    assert {"alignment", "alignment_matrix"} <= set(events.Tags()["images"])
    for name in ("alignment.png", "alignment_matrix.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")


def test_training_is_bitwise_the_same_with_and_without_the_monitor(tmp_path):
    """The module draws dropout's masks from the global random state and sets no seed of its own."""
    weights = []
    for callbacks in ([_monitor()], []):
        module = ToyModule()
        _fit(tmp_path, *callbacks, module=module)
        weights.append(module.policy.mix.detach())
    assert torch.equal(*weights)


def test_any_score_can_be_a_model_checkpoints_monitor(tmp_path):
    monitor = _monitor(every_n_steps=1)
    saver = ModelCheckpoint(tmp_path, filename="{step}", monitor=SCORE, mode="max", every_n_train_steps=1)
    _fit(tmp_path, monitor, saver, module=ToyModule(rate=0.5), enable_checkpointing=True)
    scores = {record.step: record.named()[SCORE] for record in monitor.records if record.step > 0}
    assert len(set(scores.values())) > 1
    best = max(scores, key=scores.__getitem__)
    assert float(saver.best_model_score) == pytest.approx(scores[best])
    assert saver.best_model_path.endswith(f"step={best}.ckpt")


def test_a_resumed_run_knows_its_last_scores_before_the_next_are_due(tmp_path):
    def saver():
        return ModelCheckpoint(
            tmp_path, monitor=SCORE, mode="max", every_n_train_steps=1, save_last=True, save_top_k=-1
        )

    _fit(tmp_path, _monitor(every_n_steps=4), saver(), steps=1, enable_checkpointing=True)
    resumed = saver()
    _fit(
        tmp_path, _monitor(every_n_steps=4), resumed, steps=3, resume=tmp_path / "last.ckpt", enable_checkpointing=True
    )
    assert len(resumed.best_k_models) == 3


class _Crash(Callback):
    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx) -> None:
        if trainer.global_step == 3:
            raise RuntimeError("crash")


def test_a_resumed_run_has_no_gap_and_nothing_twice(tmp_path):
    saver = ModelCheckpoint(tmp_path, every_n_train_steps=1, save_last=True)
    with pytest.raises(RuntimeError, match="crash"):
        _fit(tmp_path, _monitor(), saver, _Crash(), enable_checkpointing=True)
    first = load_records(tmp_path / "alignment.json")
    monitor = _monitor()
    _fit(tmp_path, monitor, resume=tmp_path / "last.ckpt")
    records = load_records(tmp_path / "alignment.json")
    assert [record.step for record in records] == [0, 2, 4, 5]
    assert records[:2] == first
    assert [step for step, _ in Curves.load(tmp_path / "curves.json").points[SCORE]] == [0, 2, 4, 5]


def test_a_validation_alone_leaves_the_runs_record_as_it_is(tmp_path):
    class Validated(ToyModule):
        def validation_step(self, batch, batch_idx):
            self.log("val/loss", 1.0, batch_size=1)

    _fit(tmp_path, _monitor())
    before = [(tmp_path / name).read_bytes() for name in ("alignment.json", "curves.json")]
    trainer = Trainer(
        default_root_dir=tmp_path, logger=CSVLogger(tmp_path, name="", version=""), callbacks=[_monitor()],
        accelerator="cpu", enable_progress_bar=False, enable_model_summary=False,
    )  # fmt: skip
    trainer.validate(Validated(), DataLoader([random_batch()], batch_size=None))
    assert [(tmp_path / name).read_bytes() for name in ("alignment.json", "curves.json")] == before


def test_several_batches_of_one_step_are_scored_once(tmp_path):
    module = ToyModule()
    _fit(tmp_path, _monitor(every_n_steps=1), module=module, steps=4, accumulate_grad_batches=2)
    assert module.policy.calls == 8 + 5 * 3


def test_a_collapsed_policy_does_not_stop_the_training(tmp_path):
    class Collapsed(ToyModule):
        def on_train_batch_start(self, batch, batch_idx):
            with torch.no_grad():
                self.policy.mix.fill_(math.nan)

    monitor = _monitor()
    with pytest.warns(UserWarning, match=r"NaN: `block.condition` holds NaN"):
        trainer = _fit(tmp_path, monitor, module=Collapsed())
    assert trainer.global_step == 5
    values = [value for _, value in Curves.load(tmp_path / "curves.json").points[SCORE]]
    assert values[0] > 0.3
    assert all(math.isnan(value) for value in values[1:])
    assert "NaN" not in (tmp_path / "curves.json").read_text() + (tmp_path / "alignment.json").read_text()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [({"every_n_steps": 0}, "`every_n_steps` must be >= 1, but got 0"), ({"points": []}, "`points` must be a list")],
)
def test_wrong_arguments_are_named(wrong, message):
    with pytest.raises(ValueError, match=message):
        _monitor(**wrong)


def test_data_without_a_probe_set_are_refused_at_the_start(tmp_path, monkeypatch):
    monkeypatch.delattr(ToyData, "probe_batches")
    with pytest.raises(ValueError, match=r"needs `trainer.datamodule.probe_batches\(\)`, .* ToyData has none"):
        _fit(tmp_path, _monitor())


def train_on_both() -> dict[str, torch.Tensor]:
    """Train under DDP; of the three batches of the probe set the first rank gets two."""
    os.environ |= {
        "TORCHELASTIC_RUN_ID": "test",
        "LOCAL_WORLD_SIZE": "2",
        "GROUP_RANK": "0",
        "LOCAL_RANK": os.environ["RANK"],
    }
    folder = os.environ["MONITOR_FOLDER"]
    monitor = _monitor()
    saver = ModelCheckpoint(folder, monitor=SCORE, mode="max", every_n_train_steps=2)
    module = ToyModule()
    options = {"strategy": "ddp", "devices": 2, "use_distributed_sampler": False, "enable_checkpointing": True}
    trainer = _fit(folder, monitor, saver, module=module, **options)
    return {
        "world": torch.tensor(trainer.world_size), "scores": torch.tensor([r.named()[SCORE] for r in monitor.records]),
        "metric": trainer.callback_metrics[SCORE], "best": saver.best_model_score, "mix": module.policy.mix.detach(),
    }  # fmt: skip


def test_two_processes_share_the_probe_set_and_agree(tmp_path, monkeypatch):
    monkeypatch.setenv("MONITOR_FOLDER", str(tmp_path))
    first, second = on_two_ranks(train_on_both)
    assert first["world"] == 2
    torch.testing.assert_close(first, second)
    assert len(first["scores"]) == 4
    records = load_records(tmp_path / "alignment.json")
    assert [record.samples for record in records] == [72] * 4
    alone = _monitor()
    _fit(tmp_path / "alone", alone)
    assert float(first["scores"][0]) == pytest.approx(alone.records[0].named()[SCORE])
