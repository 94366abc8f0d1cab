"""Two processes train as one does."""

import json
import os
from dataclasses import asdict
from pathlib import Path

import torch
from lightning import Callback, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.strategies import ModelParallelStrategy
from safetensors.torch import load_file
from torch.distributed.tensor import DTensor

from tests.two_ranks import on_two_ranks
from vlareg.callbacks import AlignmentMonitor, StartUpProbes
from vlareg.data import Demonstrations, LiberoData
from vlareg.module import RegularizedPolicy
from vlareg.optimization import Optimization
from vlareg.policies.openvla import OpenVLAForActionPrediction
from vlareg.regularizers import RSCL, TeacherAlignment
from vlareg.teachers import EfficientNetLiteTeacher

LAYER = "language_model.model.layers.1"
POINTS, TARGETS = ["vision.0.block1.patches", "llm.1.condition", "rscl.z"], ["actions.full", "action_tokens"]
PARTS, FOLDER = "VLAREG_TEST_PARTS", "VLAREG_TEST_FOLDER"
STEPS = 5


class Monitor(AlignmentMonitor):
    def __init__(self) -> None:
        super().__init__(POINTS, TARGETS, metrics=["cka"], k=3, every_n_steps=STEPS)

    def _draw(self, trainer) -> None:
        """Draw nothing, which takes seconds."""


class StopAt(Callback):
    def __init__(self, step: int) -> None:
        self.step = step

    def on_train_batch_end(self, trainer, *_) -> None:
        trainer.should_stop = trainer.global_step == self.step


def train(strategy, devices: int, folder: Path, *callbacks: Callback, resume: Path | None = None) -> RegularizedPolicy:
    """Train on 8 samples a step over all processes, with both regularizers, the probes and the monitor.

    The monitor's 12 samples are one batch for one process, and three for two, so that one of them has less to read.
    """
    checkpoint, demonstrations = json.loads(os.environ[PARTS])
    torch.manual_seed(0)
    teacher = TeacherAlignment([LAYER], 192, teacher=EfficientNetLiteTeacher(96, -2))
    module = RegularizedPolicy(
        checkpoint,
        [RSCL(LAYER, 192), teacher],
        # With the usual `eps` AdamW divides rounding noise by itself where a gradient is 0, as that of the keys' biases is.
        optimization=Optimization(warmup_steps=1, eps=1e-5),
        gradient_steps=2,
    )
    trainer = Trainer(
        max_steps=STEPS, max_epochs=-1, accelerator="cpu", devices=devices, strategy=strategy,
        callbacks=[StartUpProbes(), Monitor(), *callbacks],
        logger=False, enable_progress_bar=False, enable_model_summary=False, gradient_clip_val=1.0,
        limit_val_batches=0, use_distributed_sampler=False, default_root_dir=folder,
    )  # fmt: skip
    data = LiberoData(checkpoint, Demonstrations(**demonstrations), batch_size=8 // devices, probe_samples=12)
    trainer.fit(module, data, ckpt_path=resume, weights_only=True)
    return module


def trainable(module) -> dict[str, torch.Tensor]:
    return {name: p.detach().clone() for name, p in module.named_parameters() if p.requires_grad}


def scores(module) -> dict[str, torch.Tensor]:
    """Return the monitor's scores before the first step and after the last."""
    (monitor,) = (callback for callback in module.trainer.callbacks if isinstance(callback, Monitor))
    first, last = monitor.records[0], monitor.records[-1]
    assert (first.step, last.step) == (0, STEPS)
    named = [
        (f"step {record.step}: {name}", value) for record in (first, last) for name, value in record.named().items()
    ]
    return {name: torch.tensor(value) for name, value in named}


def folder(name: str) -> Path:
    return Path(os.environ[FOLDER], name)


def as_rank() -> None:
    """Tell Lightning that this process is one of two that exist already."""
    os.environ |= {"LOCAL_RANK": os.environ["RANK"], "NODE_RANK": "0"}


def train_ddp():
    as_rank()
    module = train("ddp", 2, folder("ddp"))
    return trainable(module), scores(module)


def strategy() -> ModelParallelStrategy:
    return ModelParallelStrategy(data_parallel_size=2, tensor_parallel_size=1, save_distributed_checkpoint=False)


def train_fsdp2():
    """Stop after three steps and go on from the checkpoint."""
    as_rank()
    saver = ModelCheckpoint(folder("fsdp2"), every_n_train_steps=3, save_last=True)
    train(strategy(), 2, folder("fsdp2"), saver, StopAt(3))
    module = train(strategy(), 2, folder("fsdp2"), resume=folder("fsdp2/last.ckpt"))
    assert module.regularizers[0].cutoff._calls == STEPS
    weights = trainable(module)
    assert all(isinstance(weight, DTensor) for weight in weights.values())
    return {name: weight.full_tensor() for name, weight in weights.items()}, scores(module)


def test_ddp_and_fsdp2_train_as_one_process(checkpoint, demonstrations, tmp_path, monkeypatch):
    options = {name: value for name, value in asdict(demonstrations).items() if name != "conventions"}
    monkeypatch.setenv(PARTS, json.dumps([str(checkpoint), options]))
    monkeypatch.setenv(FOLDER, str(tmp_path))
    start = trainable(RegularizedPolicy(str(checkpoint)))
    module = train("auto", 1, folder("alone"))
    alone = trainable(module)
    assert all((alone[name] - weight).abs().max() > 1e-4 for name, weight in start.items() if "lora_B" in name)
    for weights, seen in (*on_two_ranks(train_ddp, 250), *on_two_ranks(train_fsdp2, 250)):
        torch.testing.assert_close(seen, scores(module), atol=1e-3, rtol=0)
        assert weights.keys() == alone.keys()
        for name, weight in weights.items():
            torch.testing.assert_close(
                weight, alone[name], atol=1e-5, rtol=0, msg=lambda text, name=name: f"{name}: {text}"
            )
    batch = module.trainer.datamodule.train.__getitems__([0, 1])
    exported = OpenVLAForActionPrediction.from_pretrained(folder("fsdp2/policy"))
    with torch.no_grad():
        ours, theirs = (model.eval()(**batch.model_inputs()).logits for model in (module.policy, exported))
    torch.testing.assert_close(ours, theirs, atol=1e-3, rtol=1e-3)
    assert folder("fsdp2/adapter/adapter_model.safetensors").is_file()
    regularizers = load_file(folder("fsdp2/adapter/regularizers.safetensors"))
    torch.testing.assert_close(regularizers, dict(module.regularizers.state_dict()), atol=1e-5, rtol=0)
