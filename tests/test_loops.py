"""RS-CL in loops that are not ours: plain PyTorch around any module, and Hugging Face's Trainer."""

from collections.abc import Mapping
from typing import Any

import pytest
import torch
from torch import nn
from transformers import Trainer, TrainingArguments

from tests.regularizers.toy import DIM, LAYERS, ToyPolicy, make_batch
from vlareg.data import LiberoData
from vlareg.policies.lora import LoRA
from vlareg.policies.openvla import OpenVLAForActionPrediction
from vlareg.regularizers import RSCL, MLPProjector, SummaryAdapter, UpperBlocksAdapter

BLOCKS = "language_model.model.layers"


def task_loss(logits: torch.Tensor, batch: Any) -> torch.Tensor:
    answers = torch.cat([torch.full((len(batch), logits.shape[1] - batch.labels.shape[1]), -100), batch.labels], dim=1)
    return nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1), answers[:, 1:].flatten())


def test_a_bare_loop_around_any_module():
    torch.manual_seed(0)
    policy = ToyPolicy()
    rscl = RSCL(f"{LAYERS}.1", DIM, adapter=SummaryAdapter(DIM, width=16), projector=MLPProjector(16, 8, hidden_dim=32))
    optimizer = torch.optim.Adam([*policy.parameters(), *rscl.parameters()], lr=3e-3)
    history = []
    for step in range(60):
        batch = make_batch(size=16, seed=step % 4)
        with rscl.watch(policy):
            loss = task_loss(policy(**batch.model_inputs()), batch)
        result = rscl(batch)
        total = loss + rscl.weight(step, 200) * result.loss
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
        history.append((float(loss.detach()), float(result.logs["kl"])))
    first, last = (torch.tensor(part).mean(dim=0) for part in (history[:4], history[-4:]))
    assert last[0] < first[0] - 0.5
    assert last[1] < 0.5 * first[1]


class RegularizedTrainer(Trainer):
    """What a user of Hugging Face's Trainer writes: one override."""

    def compute_loss(self, model: nn.Module, inputs: Mapping[str, Any], *args: Any, **kwargs: Any) -> torch.Tensor:
        batch, rscl = inputs["batch"], model.rscl
        with rscl.watch(model.policy):
            output = model.policy(**batch.model_inputs())
        result = rscl(batch)
        self.seen.append((float(output.loss), float(result.logs["kl"])))
        weight = rscl.weight(self.state.global_step, self.state.max_steps)
        return output.loss + weight * result.loss


class WithRegularizer(nn.Module):
    """One module, so that the Trainer's optimizer, DDP and checkpoints hold the regularizer too."""

    def __init__(self, policy: nn.Module, rscl: RSCL) -> None:
        super().__init__()
        self.policy, self.rscl = policy, rscl


@pytest.mark.parametrize("form", ["side head", "upper blocks"])
def test_hugging_faces_trainer(checkpoint, demonstrations, tmp_path, form):
    torch.manual_seed(0)
    data = LiberoData(str(checkpoint), demonstrations)
    data.setup()
    policy = OpenVLAForActionPrediction.from_pretrained(checkpoint)
    dim = policy.config.text_config.hidden_size
    adapter = UpperBlocksAdapter(dim, first_block=1) if form == "upper blocks" else SummaryAdapter(dim)
    model = WithRegularizer(LoRA().attach(policy), RSCL(f"{BLOCKS}.0", dim, adapter=adapter))
    for module in policy.vision_backbone.unread_modules():
        module.requires_grad_(False)
    arguments = TrainingArguments(
        output_dir=str(tmp_path),
        max_steps=8,
        per_device_train_batch_size=16,
        learning_rate=2e-3,
        remove_unused_columns=False,
        report_to=[],
        use_cpu=True,
        save_strategy="no",
        disable_tqdm=True,
    )
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    trainer = RegularizedTrainer(
        model, arguments, train_dataset=data.train, data_collator=lambda batch: {"batch": batch}
    )
    trainer.seen = []
    trainer.train()
    assert trainer.seen[-1][0] < trainer.seen[0][0]
    changed = {name for name, p in model.named_parameters() if not torch.equal(p, before[name])}
    assert {name for name, p in model.named_parameters() if p.requires_grad} == changed
    assert "rscl.adapter.summary" in changed
