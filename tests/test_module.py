import shutil
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from lightning import Callback, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint

from vlareg.callbacks import AlignmentMonitor, WeightAverage
from vlareg.data import LiberoData
from vlareg.module import RegularizedPolicy
from vlareg.optimization import Optimization
from vlareg.policies import execution
from vlareg.policies.adapter_files import load_adapter
from vlareg.policies.execution import Execution
from vlareg.policies.lora import LoRA
from vlareg.policies.openvla import OpenVLAForActionPrediction
from vlareg.regularizers import RSCL, Constant, TeacherAlignment
from vlareg.teachers import EfficientNetLiteTeacher

LAYER = "language_model.model.layers.1"


class _Losses(Callback):
    def __init__(self) -> None:
        self.values: list[float] = []

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx) -> None:
        self.values.append(float(outputs["loss"]))


class _Crash(Callback):
    def __init__(self, batch: int) -> None:
        self.batch = batch

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx) -> None:
        if batch_idx == self.batch:
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


def _trainer(
    folder: Path, steps: int, monitor: bool = True, logger: bool = True, accumulate: int = 1, **options
) -> Trainer:
    saver = ModelCheckpoint(folder, every_n_train_steps=2, save_last=True)
    callbacks = [saver, AlignmentMonitor(["llm.1.*"], every_n_steps=2, k=3)] if monitor else [saver]
    return Trainer(
        max_steps=steps, max_epochs=-1, logger=logger, default_root_dir=folder, callbacks=callbacks, enable_progress_bar=False,
        enable_model_summary=False, num_sanity_val_steps=0, val_check_interval=2, check_val_every_n_epoch=None,
        use_distributed_sampler=False, gradient_clip_val=1.0, accelerator="cpu", log_every_n_steps=1,
        accumulate_grad_batches=accumulate, **options,
    )  # fmt: skip


def _fit(module, checkpoint, demonstrations, trainer, resume=None, batch_size=8) -> dict[str, torch.Tensor]:
    data = LiberoData(str(checkpoint), demonstrations, batch_size=batch_size)
    trainer.fit(module, data, ckpt_path=resume, weights_only=True)
    return {name: p.detach().clone() for name, p in module.named_parameters() if p.requires_grad}


def test_training_lowers_the_losses_and_resumes_bitwise_from_an_interruption(checkpoint, demonstrations, tmp_path):
    def parts(name: str, *callbacks: Callback):
        trainer = _trainer(tmp_path / name, 6, accumulate=2)
        trainer.callbacks.extend([WeightAverage(decay=0.5), *callbacks])
        return _module(checkpoint, lora=LoRA(dropout=0.1)), checkpoint, demonstrations, trainer

    losses = _Losses()
    weights = _fit(*parts("whole", losses), batch_size=4)
    assert losses.values[-1] < losses.values[0] - 0.05

    with pytest.raises(RuntimeError, match="crash"):
        _fit(*parts("half", _Crash(batch=11)), batch_size=4)  # in the middle of the sixth step
    rest = parts("half")
    resumed = _fit(*rest, resume=tmp_path / "half" / "last.ckpt", batch_size=4)
    assert rest[-1].global_step == 6
    assert weights.keys() == resumed.keys()
    assert all(torch.equal(weights[name], resumed[name]) for name in weights)


def test_two_accumulated_batches_are_one_of_twice_the_size(checkpoint, demonstrations, tmp_path):
    runs = [
        _fit(
            _module(checkpoint, regularized=False),
            checkpoint,
            demonstrations,
            _trainer(tmp_path / str(batches), 2, False, False, accumulate=batches, limit_val_batches=0),
            batch_size=8 // batches,
        )
        for batches in (1, 2)
    ]
    for name, weight in runs[0].items():
        torch.testing.assert_close(runs[1][name], weight, atol=1e-5, rtol=0)


def test_batches_of_a_step_differ_in_their_randomness(checkpoint):
    module, drawn = _module(checkpoint, regularized=False), []
    for step, batch in ((0, 0), (0, 1), (1, 2), (1, 3), (0, 0)):
        module._trainer = SimpleNamespace(accumulate_grad_batches=2, global_step=step, global_rank=0)
        module.on_train_batch_start(None, batch)
        drawn.append(float(torch.rand(())))
    assert drawn[0] == drawn[4]
    assert len(set(drawn)) == 4


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
    adapted = load_adapter(OpenVLAForActionPrediction.from_pretrained(checkpoint), Path(trainer.log_dir) / "adapter")
    with torch.no_grad():
        torch.testing.assert_close(adapted(**batch.model_inputs()).logits, ours)


def test_frozen_modules_stay_and_their_adapters_too(checkpoint):
    module = _module(checkpoint, regularized=False, frozen=["vision_backbone"])
    trainable = [name for name, p in module.named_parameters() if p.requires_grad]
    assert trainable
    assert not any("vision_backbone" in name for name in trainable)
    with pytest.raises(ValueError, match="no module 'vision'"):
        _module(checkpoint, regularized=False, frozen=["vision"])


def test_checkpointing_and_compiled_blocks_give_the_same_gradients(checkpoint, demonstrations, monkeypatch):
    monkeypatch.setattr(execution, "compile_blocks", partial(execution.compile_blocks, backend="eager"))
    data, gradients = LiberoData(str(checkpoint), demonstrations), []
    data.setup()
    batch = data.train.__getitems__([0, 1, 2, 3])
    for options in ({}, {"gradient_checkpointing": True}, {"compile_blocks": True}, {"attention": "eager"}):
        module = _module(checkpoint, execution=Execution(**options))
        module._trainer = SimpleNamespace(estimated_stepping_batches=10, global_step=0)
        module.log_dict = lambda *_, **__: None
        module._losses(batch, "train").backward()
        gradients.append({name: p.grad for name, p in module.named_parameters() if p.requires_grad})
    for other in gradients[1:]:
        for name, gradient in gradients[0].items():
            torch.testing.assert_close(other[name], gradient, atol=1e-5, rtol=1e-3)


def test_what_is_logged_of_a_validation(checkpoint, demonstrations, tmp_path):
    trainer = _trainer(tmp_path, 2, monitor=False, logger=False)
    _fit(_module(checkpoint), checkpoint, demonstrations, trainer)
    errors = {name: float(v) for name, v in trainer.callback_metrics.items() if name.startswith("val/policy/l1_")}
    assert errors.keys() == {f"val/policy/l1_{name}" for name in ("x", "y", "z", "roll", "pitch", "yaw", "gripper")}
    assert all(0 < error < 2 for error in errors.values())
    assert {
        "val/loss",
        "val/policy/loss",
        "val/policy/token_accuracy",
        "val/rscl/loss",
    } <= trainer.callback_metrics.keys()


@pytest.mark.parametrize("lora", [LoRA(), None])
def test_every_trainable_parameter_gets_a_gradient(checkpoint, demonstrations, lora):
    module = _module(checkpoint, regularized=False, lora=lora)
    data = LiberoData(str(checkpoint), demonstrations)
    data.setup()
    module.policy(**data.train.__getitems__([0, 1]).model_inputs()).loss.backward()
    trainable = {name for name, p in module.named_parameters() if p.requires_grad}
    assert trainable == {name for name, p in module.named_parameters() if p.grad is not None}
    assert all("lora" in name for name in trainable) == (lora is not None)


def test_what_is_logged_of_a_regularizer(checkpoint, demonstrations, tmp_path):
    module = _module(checkpoint, gradient_steps=2)
    seen: list[dict[str, float]] = []

    class Reader(Callback):
        def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx) -> None:
            seen.append({name: float(value) for name, value in trainer.callback_metrics.items()})

    trainer = _trainer(tmp_path, 2, monitor=False, logger=False)
    trainer.callbacks.append(Reader())
    _fit(module, checkpoint, demonstrations, trainer)
    assert "train/rscl/gradient_cosine" not in seen[0]
    last = seen[1]
    for name in ("rscl", "teacher"):
        assert -1 <= last[f"train/{name}/gradient_cosine"] <= 1
        assert last[f"train/{name}/gradient_ratio"] > 0
        share = last[f"train/{name}/weight"] * last[f"train/{name}/loss"] / last["train/policy/loss"]
        assert last[f"train/{name}/ratio"] == pytest.approx(share, rel=1e-5)
    assert last["train/loss"] == pytest.approx(
        sum(last[f"train/{name}/weight"] * last[f"train/{name}/loss"] for name in ("rscl", "teacher"))
        + last["train/policy/loss"],
        rel=1e-5,
    )


def test_comparing_gradients_changes_nothing(checkpoint, demonstrations, tmp_path):
    runs = [
        _fit(
            _module(checkpoint, gradient_steps=steps),
            checkpoint,
            demonstrations,
            _trainer(tmp_path / str(steps), 2, False),
        )
        for steps in (1, None)
    ]
    assert all(torch.equal(runs[0][name], runs[1][name]) for name in runs[0])


def test_regularizers_are_scaled_by_the_training_split(checkpoint, demonstrations, tmp_path):
    module = _module(checkpoint)
    trainer = _trainer(tmp_path, 1, monitor=False, logger=False)
    _fit(module, checkpoint, demonstrations, trainer)
    states = module.regularizers[0].states
    every = states.vectors(torch.from_numpy(trainer.datamodule.train.proprio))
    torch.testing.assert_close(states.centre, every.mean(dim=0))


def test_gradient_steps_are_checked(checkpoint):
    with pytest.raises(ValueError, match="`gradient_steps` must be > 0"):
        RegularizedPolicy(str(checkpoint), gradient_steps=0)


def test_two_regularizers_of_one_name_are_refused(checkpoint):
    with pytest.raises(ValueError, match=r"different names, but got \['rscl', 'rscl'\]"):
        RegularizedPolicy(str(checkpoint), [RSCL(LAYER, 192), RSCL(LAYER, 192)])


def test_a_run_without_an_end_is_refused(checkpoint, demonstrations, tmp_path):
    """Lightning would give the schedule -1 steps, so that the rate is 0 behind the warm-up."""
    trainer = Trainer(max_epochs=3, logger=False, default_root_dir=tmp_path, accelerator="cpu")
    with pytest.raises(ValueError, match=r"`trainer\.max_steps` must be > 0"):
        _fit(_module(checkpoint, regularized=False), checkpoint, demonstrations, trainer)


def test_weights_that_learn_themselves_have_32_bits(checkpoint, tmp_path):
    OpenVLAForActionPrediction.from_pretrained(checkpoint, dtype=torch.bfloat16).save_pretrained(tmp_path)
    for lora, dtype in ((None, torch.float32), (LoRA(), torch.bfloat16)):
        policy = RegularizedPolicy(str(tmp_path), lora=lora).policy
        assert {p.dtype for name, p in policy.named_parameters() if "lora" not in name} == {dtype}


@pytest.mark.parametrize("weight", [0.0, 0.2])
def test_a_regularizer_that_reaches_nothing_is_refused_unless_it_only_measures(
    checkpoint, demonstrations, tmp_path, weight
):
    teacher = TeacherAlignment(
        ["vision_backbone.featurizer.blocks.0"], 128, teacher=EfficientNetLiteTeacher(96, -2), weight=Constant(weight)
    )
    module = RegularizedPolicy(str(checkpoint), [teacher], lora=LoRA(targets="language"), gradient_steps=1)
    run = partial(_fit, module, checkpoint, demonstrations, _trainer(tmp_path, 1, monitor=False, logger=False))
    if not weight:
        run()
        return
    with pytest.raises(ValueError, match="`teacher` reaches no weight that learns"):
        run()


def test_a_run_that_would_end_by_replacing_what_is_not_its_own_does_not_start(checkpoint, tmp_path):
    def start():
        module = RegularizedPolicy(str(tmp_path / "policy"))
        module.trainer = Trainer(default_root_dir=tmp_path, logger=False, accelerator="cpu")
        module.on_fit_start()

    shutil.copytree(checkpoint, tmp_path / "policy")
    with pytest.raises(ValueError, match=r"`default_root_dir`: .* holds the policy to be trained"):
        start()
    (tmp_path / "adapter").mkdir()
    (tmp_path / "adapter" / "thesis.txt").write_text("years of work")
    with pytest.raises(ValueError, match=r"adapter would be replaced, but holds \['thesis.txt'\]"):
        start()
