"""Two processes train as one does."""

import json
import os
from dataclasses import asdict
from pathlib import Path

import torch
from lightning import Callback, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.strategies import ModelParallelStrategy
from torch.distributed.tensor import DTensor

from tests.two_ranks import on_two_ranks
from vlareg.callbacks import StartUpProbes
from vlareg.cutoff import Cutoff
from vlareg.data import Demonstrations, LiberoData
from vlareg.module import RegularizedPolicy
from vlareg.optimization import Optimization
from vlareg.policies.openvla import OpenVLAForActionPrediction
from vlareg.regularizers import RSCL, TeacherAlignment
from vlareg.teachers import EfficientNetLiteTeacher

LAYER = "language_model.model.layers.1"
PARTS, FOLDER = "VLAREG_TEST_PARTS", "VLAREG_TEST_FOLDER"
STEPS = 5


class SecondView(Cutoff):
    """Cut the second view of every sample; the shipped cut-offs draw for each rank apart."""

    def keep(self, mask, view_slices, random):
        kept = torch.ones_like(mask)
        kept[:, view_slices[1]] = False
        return kept


class StopAt(Callback):
    def __init__(self, step: int) -> None:
        self.step = step

    def on_train_batch_end(self, trainer, *_) -> None:
        trainer.should_stop = trainer.global_step == self.step


def train(strategy, devices: int, folder: Path, *callbacks: Callback, resume: Path | None = None) -> RegularizedPolicy:
    """Train on 8 samples a step over all processes, with both regularizers and the probes."""
    checkpoint, demonstrations = json.loads(os.environ[PARTS])
    torch.manual_seed(0)
    teacher = TeacherAlignment([LAYER], 192, teacher=EfficientNetLiteTeacher(96, -2))
    module = RegularizedPolicy(
        checkpoint,
        [RSCL(LAYER, 192, cutoff=SecondView()), teacher],
        # With the usual `eps` AdamW divides rounding noise by itself where a gradient is 0, as that of the keys' biases is.
        optimization=Optimization(warmup_steps=1, eps=1e-5),
        gradient_steps=2,
    )
    trainer = Trainer(
        max_steps=STEPS, max_epochs=-1, accelerator="cpu", devices=devices, strategy=strategy,
        callbacks=[StartUpProbes(), *callbacks],
        logger=False, enable_progress_bar=False, enable_model_summary=False, gradient_clip_val=1.0,
        limit_val_batches=0, use_distributed_sampler=False, default_root_dir=folder,
    )  # fmt: skip
    data = LiberoData(checkpoint, Demonstrations(**demonstrations), batch_size=8 // devices)
    trainer.fit(module, data, ckpt_path=resume, weights_only=True)
    return module


def trainable(module) -> dict[str, torch.Tensor]:
    return {name: p.detach().clone() for name, p in module.named_parameters() if p.requires_grad}


def folder(name: str) -> Path:
    return Path(os.environ[FOLDER], name)


def as_rank() -> None:
    """Tell Lightning that this process is one of two that exist already."""
    os.environ |= {"LOCAL_RANK": os.environ["RANK"], "NODE_RANK": "0"}


def train_ddp():
    as_rank()
    return trainable(train("ddp", 2, folder("ddp")))


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
    return {name: weight.full_tensor() for name, weight in weights.items()}


def test_ddp_and_fsdp2_train_as_one_process(checkpoint, demonstrations, tmp_path, monkeypatch):
    monkeypatch.setenv(PARTS, json.dumps([str(checkpoint), asdict(demonstrations)]))
    monkeypatch.setenv(FOLDER, str(tmp_path))
    start = trainable(RegularizedPolicy(str(checkpoint)))
    module = train("auto", 1, folder("alone"))
    alone = trainable(module)
    assert all((alone[name] - weight).abs().max() > 1e-4 for name, weight in start.items() if "lora_B" in name)
    for weights in (*on_two_ranks(train_ddp, 250), *on_two_ranks(train_fsdp2, 250)):
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
