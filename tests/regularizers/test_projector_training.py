"""Frozen projectors are equal on all ranks, saved and never changed; trainable ones are in DDP, optimizer and
checkpoint."""

import pytest
import torch
from lightning import Trainer
from lightning.pytorch.callbacks import ModelCheckpoint
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from tests.regularizers.projectors import FROZEN, PROJECTORS, TRAINABLE
from tests.regularizers.toy import DIM, LAYERS, ToyPolicy, ToyTeacher, make_batch
from tests.two_ranks import on_two_ranks
from vlareg.data import LiberoData
from vlareg.distributed import rank
from vlareg.module import RegularizedPolicy
from vlareg.optimization import Optimization
from vlareg.regularizers import TeacherAlignment

TOY_DIM = 6  # of the teacher's features
WIDTH = 192  # of the mini policy


class Both(nn.Module):
    """What a user wraps in DDP: the policy and its regularizer."""

    def __init__(self, alignment):
        super().__init__()
        self.policy, self.alignment = ToyPolicy(), alignment

    def forward(self, batch):
        with self.alignment.watch(self.policy):
            logits = self.policy(**batch.model_inputs())
        return logits.square().mean() + self.alignment(batch).loss


def copied(module):
    return {name: value.clone() for name, value in module.state_dict().items()}


def train_with_other_seeds_and_batches():
    states = {}
    for name, make in PROJECTORS.items():
        torch.manual_seed(rank())
        alignment = TeacherAlignment([f"{LAYERS}.1"], DIM, teacher=ToyTeacher(2, 2), projector=make(DIM, TOY_DIM))
        both = Both(alignment)
        before = copied(alignment.projector)
        parallel = DistributedDataParallel(both)
        optimizer = torch.optim.SGD([p for p in both.parameters() if p.requires_grad], lr=0.1)
        for step in range(3):  # a parameter that DDP waits for in vain is an error in the second
            optimizer.zero_grad()
            parallel(make_batch(seed=2 * step + rank())).backward()
            optimizer.step()
        states[name] = {"before": before, "after": copied(alignment.projector)}
    return states


def equal(a, b):
    return all(torch.equal(value, b[name]) for name, value in a.items())


def test_on_two_ranks():
    first, second = on_two_ranks(train_with_other_seeds_and_batches)
    for name in FROZEN:
        assert equal(first[name]["before"], second[name]["before"]), name
        assert equal(first[name]["before"], first[name]["after"]), name
        assert equal(second[name]["before"], second[name]["after"]), name
    for name in TRAINABLE:
        assert not equal(first[name]["before"], second[name]["before"]), name
        assert equal(first[name]["after"], second[name]["after"]), name
        assert not any(torch.equal(value, first[name]["before"][key]) for key, value in first[name]["after"].items())


@pytest.fixture
def module(checkpoint):
    torch.manual_seed(0)
    alignments = [
        TeacherAlignment(["language_model.model.layers.0"], WIDTH, teacher=ToyTeacher(), projector=make(WIDTH, TOY_DIM), name=name)
        for name, make in PROJECTORS.items()
    ]  # fmt: skip
    optimization = Optimization(learning_rate=1e-2, warmup_steps=1, decay="constant")
    return RegularizedPolicy(str(checkpoint), alignments, optimization=optimization, gradient_steps=None)


def test_in_lightnings_optimizer_and_checkpoint(module, checkpoint, demonstrations, tmp_path):
    before = [copied(alignment.projector) for alignment in module.regularizers]
    trainer = Trainer(
        max_steps=2, logger=False, default_root_dir=tmp_path, callbacks=[ModelCheckpoint(tmp_path, save_last=True, every_n_train_steps=2)],
        accelerator="cpu", enable_progress_bar=False, enable_model_summary=False, limit_val_batches=0,
    )  # fmt: skip
    trainer.fit(module, LiberoData(str(checkpoint), demonstrations, batch_size=4))
    saved = torch.load(tmp_path / "last.ckpt", weights_only=True)["state_dict"]
    optimized = {id(p) for group in trainer.optimizers[0].param_groups for p in group["params"]}
    for i, alignment in enumerate(module.regularizers):
        prefix, state = f"regularizers.{i}.projector.", copied(alignment.projector)
        assert equal(state, {key.removeprefix(prefix): value for key, value in saved.items()}), alignment.name
        trainable = alignment.name in TRAINABLE
        assert all((id(p) in optimized) == trainable for p in alignment.projector.parameters())
        if trainable:
            assert not any(torch.equal(value, before[i][key]) for key, value in state.items()), alignment.name
        else:
            assert equal(state, before[i]), alignment.name
