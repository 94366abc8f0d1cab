from pathlib import Path

import pytest
import torch
from lightning import Callback, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint

from vlareg.callbacks import AlignmentMonitor
from vlareg.data import LiberoData
from vlareg.module import RegularizedPolicy
from vlareg.optimization import Optimization
from vlareg.policies.lora import LoRA
from vlareg.policies.openvla import OpenVLAForActionPrediction
from vlareg.regularizers import RSCL, TeacherAlignment
from vlareg.teachers import EfficientNetLiteTeacher

LAYER = "language_model.model.layers.1"


class _Losses(Callback):
    def __init__(self) -> None:
        self.values: list[float] = []

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx) -> None:
        self.values.append(float(outputs["loss"]))


class _Crash(Callback):
    def __init__(self, step: int) -> None:
        self.step = step

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx) -> None:
        if trainer.global_step == self.step:
            raise RuntimeError("crash")


def _module(checkpoint: Path, regularized: bool = True, **arguments) -> RegularizedPolicy:
    torch.manual_seed(0)
    regularizers = (
        [RSCL(LAYER, 192), TeacherAlignment([LAYER], 192, teacher=EfficientNetLiteTeacher(96, -2))]
        if regularized
        else []
    )
    optimization = Optimization(learning_rate=2e-3, warmup_steps=1, decay="constant")
    return RegularizedPolicy(str(checkpoint), regularizers, optimization=optimization, **arguments)


def _trainer(folder: Path, steps: int, monitor: bool = True, logger: bool = True) -> Trainer:
    saver = ModelCheckpoint(folder, every_n_train_steps=2, save_last=True)
    callbacks = [saver, AlignmentMonitor(["llm.1.*"], every_n_steps=2, k=3)] if monitor else [saver]
    return Trainer(
        max_steps=steps, max_epochs=-1, logger=logger, default_root_dir=folder, callbacks=callbacks, enable_progress_bar=False,
        enable_model_summary=False, num_sanity_val_steps=0, val_check_interval=2, check_val_every_n_epoch=None,
        use_distributed_sampler=False, gradient_clip_val=1.0, accelerator="cpu", log_every_n_steps=1,
    )  # fmt: skip


def _fit(module, checkpoint, demonstrations, trainer, resume=None) -> dict[str, torch.Tensor]:
    trainer.fit(module, LiberoData(str(checkpoint), demonstrations, batch_size=8), ckpt_path=resume, weights_only=True)
    return {name: p.detach().clone() for name, p in module.named_parameters() if p.requires_grad}


def test_training_lowers_the_losses_and_resumes_bitwise_from_an_interruption(checkpoint, demonstrations, tmp_path):
    whole = _module(checkpoint)
    trainer = _trainer(tmp_path / "whole", 6)
    losses = _Losses()
    trainer.callbacks.append(losses)
    weights = _fit(whole, checkpoint, demonstrations, trainer)
    assert losses.values[-1] < losses.values[0] - 0.1

    broken = _trainer(tmp_path / "half", 6)
    broken.callbacks.append(_Crash(step=5))
    with pytest.raises(RuntimeError, match="crash"):
        _fit(_module(checkpoint), checkpoint, demonstrations, broken)
    rest = _trainer(tmp_path / "half", 6)
    resumed = _fit(_module(checkpoint), checkpoint, demonstrations, rest, resume=tmp_path / "half" / "last.ckpt")
    assert rest.global_step == 6
    assert weights.keys() == resumed.keys()
    assert all(torch.equal(weights[name], resumed[name]) for name in weights)


def test_the_monitor_changes_nothing(checkpoint, demonstrations, tmp_path):
    runs = [
        _fit(_module(checkpoint), checkpoint, demonstrations, _trainer(tmp_path / str(monitor), 3, monitor))
        for monitor in (True, False)
    ]
    assert all(torch.equal(runs[0][name], runs[1][name]) for name in runs[0])


def test_the_checkpoint_has_what_is_trained_and_not_the_frozen_base(checkpoint, demonstrations, tmp_path):
    _fit(_module(checkpoint), checkpoint, demonstrations, _trainer(tmp_path, 2, monitor=False, logger=False))
    names = torch.load(tmp_path / "last.ckpt", weights_only=True)["state_dict"].keys()
    assert any("lora_A" in name for name in names)
    assert any("regularizers.0.adapter" in name for name in names)
    assert any("regularizers.1.projector" in name for name in names)
    assert not any("base_layer" in name or "teacher" in name for name in names)


def test_a_checkpoint_with_other_regularizers_is_refused(checkpoint, demonstrations, tmp_path):
    _fit(_module(checkpoint), checkpoint, demonstrations, _trainer(tmp_path, 2, monitor=False, logger=False))
    with pytest.raises(ValueError, match="other regularizers; missing or unknown"):
        _fit(
            _module(checkpoint, False),
            checkpoint,
            demonstrations,
            _trainer(tmp_path, 4, False, False),
            tmp_path / "last.ckpt",
        )


def test_the_exported_policy_computes_what_the_adapted_one_does(checkpoint, demonstrations, tmp_path):
    module = _module(checkpoint, regularized=False)
    trainer = _trainer(tmp_path, 3, monitor=False)
    _fit(module, checkpoint, demonstrations, trainer)
    exported = OpenVLAForActionPrediction.from_pretrained(Path(trainer.log_dir) / "policy")
    batch = trainer.datamodule.train.__getitems__([0, 1])
    with torch.no_grad():
        ours, theirs = (model.eval()(**batch.model_inputs()).logits for model in (module.policy, exported))
    torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-4)
    assert exported.config.norm_stats["libero_mini"] == trainer.datamodule.statistics
    assert exported.config.trained_with_augmentation


@pytest.mark.parametrize("lora", [LoRA(), None])
def test_every_trainable_parameter_gets_a_gradient(checkpoint, demonstrations, lora):
    module = _module(checkpoint, regularized=False, lora=lora)
    data = LiberoData(str(checkpoint), demonstrations)
    data.setup()
    module.policy(**data.train.__getitems__([0, 1]).model_inputs()).loss.backward()
    trainable = {name for name, p in module.named_parameters() if p.requires_grad}
    assert trainable == {name for name, p in module.named_parameters() if p.grad is not None}
    assert all("lora" in name for name in trainable) == (lora is not None)


def test_two_regularizers_of_one_name_are_refused(checkpoint):
    with pytest.raises(ValueError, match=r"different names, but got \['rscl', 'rscl'\]"):
        RegularizedPolicy(str(checkpoint), [RSCL(LAYER, 192), RSCL(LAYER, 192)])
