"""A training step of vlareg beside one written like OpenVLA's fine-tuning script, in turns, on one policy and one batch.

    python tests/benchmarks/step_cost.py                                            # the small checkpoint's size
    python tests/benchmarks/step_cost.py --size 7b --device cuda --batch-size 16    # OpenVLA-7B's, random weights

The plain step runs every block of the encoders, as timm does for the features of the second-to-last one, computes the logits of all
positions, their loss in 32 bits, and the error of the decoded actions, and its adapters compute as peft's do; with teacher alignment it
keeps the hidden states of all blocks, and its teacher runs in every step. vlareg's is measured with that teacher and, as its
configurations have it, with cached features. Both train the same LoRA of rank 32 with AdamW and the same attention, on a GPU under bfloat16
autocast. Seconds are medians by wall clock, ratios medians of the turns' ratios. Memory is the device's largest allocation during a step,
on a processor the process's largest resident memory.
"""

import copy
import tempfile
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from peft.tuners.lora import LoraLayer
from side_by_side import describe, load, parser, print_rows, take_turns
from teachers import align, batch_of_noise, make_teachers
from timm.models.vision_transformer import VisionTransformer
from torch import Tensor, nn

from vlareg.batch import IGNORED_LABEL, VLABatch
from vlareg.policies.lora import LoRA, base_model
from vlareg.policies.openvla import OpenVLAForActionPrediction
from vlareg.regularizers import TeacherAlignment

Loss = Callable[[nn.Module, VLABatch, TeacherAlignment | None], Tensor]


def adapted(base: OpenVLAForActionPrediction, device: str) -> nn.Module:
    """Return a policy with adapters, as it is trained."""
    policy = LoRA().attach(base.train()).to(device)
    for module in base.vision_backbone.unread_modules():
        module.requires_grad_(False)
    return policy


def as_plain(policy: nn.Module) -> nn.Module:
    """Return the policy, with the same weights, as a script without our code runs it."""
    plain: nn.Module = copy.deepcopy(policy, {id(parameter): parameter for parameter in policy.parameters()})
    for module in plain.modules():
        if isinstance(module, LoraLayer):
            module.lora_variant.clear()
        if isinstance(module, VisionTransformer):
            module.forward_intermediates = partial(_every_block, module.forward_intermediates)
    return plain


def _every_block(run: Callable[..., list[Tensor]], images: Tensor, *, stop_early: bool, **options: Any) -> list[Tensor]:
    return run(images, **options)


def plain_loss(policy: nn.Module, batch: VLABatch, alignment: TeacherAlignment | None) -> Tensor:
    """Return the loss as a script without hooks gets it."""
    base = base_model(policy)
    embeddings, mask = base._embed(batch.input_ids, batch.attention_mask, batch.pixel_values)
    patches = torch.full((len(batch), base.num_patches), IGNORED_LABEL, device=mask.device)
    labels = torch.cat([batch.labels[:, :1], patches, batch.labels[:, 1:]], dim=1)
    output = base.language_model(
        inputs_embeds=embeddings, attention_mask=mask, labels=labels, use_cache=False,
        output_hidden_states=alignment is not None,
    )  # fmt: skip
    loss = output.loss
    if alignment is not None:
        block = int(alignment.layers[0].rsplit(".", 1)[1])
        loss = loss + 0.2 * alignment.regularize(batch, {alignment.layers[0]: output.hidden_states[block + 1]}).loss
    _errors(output.logits.detach()[:, base.num_patches : -1].argmax(dim=-1), batch.labels[:, 1:], base)
    return loss


def _errors(predicted: Tensor, labels: Tensor, base: OpenVLAForActionPrediction) -> None:
    ids = base.config.action_token_ids
    is_action = (labels >= ids.start) & (labels < ids.stop)
    (predicted == labels)[is_action].float().mean().item()
    chosen, told = (
        base.action_tokenizer.decode(x[is_action].clamp(ids.start).cpu().numpy()) for x in (predicted, labels)
    )
    abs(chosen - told).mean()


def our_loss(policy: nn.Module, batch: VLABatch, alignment: TeacherAlignment | None) -> Tensor:
    """Return the loss as `RegularizedPolicy` gets it."""
    if alignment is None:
        output = policy(**batch.model_inputs())
        loss = output.loss
    else:
        with alignment.watch(policy):
            output = policy(**batch.model_inputs())
        loss = output.loss + 0.2 * alignment(batch).loss
    targets = batch.labels[:, 1:]
    (output.logits.argmax(dim=-1) == targets[targets != IGNORED_LABEL]).float().mean()
    return loss


def make_step(
    policy: nn.Module,
    optimizer: torch.optim.Optimizer,
    batch: VLABatch,
    alignment: TeacherAlignment | None,
    loss: Loss,
) -> Callable[[], None]:
    """Return a whole training step."""
    device = batch.input_ids.device.type

    def step() -> None:
        with torch.autocast(device, torch.bfloat16, enabled=device != "cpu"):
            value = loss(policy, batch, alignment)
        value.backward()
        optimizer.step()
        optimizer.zero_grad()

    return step


def main() -> None:
    """Measure and print."""
    options = parser(__doc__, batch_size=8).parse_args()
    torch.manual_seed(0)
    ours = adapted(load(options.size, options.device), options.device)
    plain = as_plain(ours)
    optimizer = torch.optim.AdamW((p for p in ours.parameters() if p.requires_grad), lr=5e-4)
    config = base_model(ours).config
    batch = batch_of_noise(config, options.batch_size, options.device)
    with tempfile.TemporaryDirectory() as folder:
        teachers = make_teachers(config, options.size, options.batch_size, options.device, folder)
        live, cached = (align(config, options.size, teachers[name], options.device) for name in ("live", "cached"))
        steps = {
            "plain": make_step(plain, optimizer, batch, None, plain_loss),
            "vlareg": make_step(ours, optimizer, batch, None, our_loss),
            "plain, aligned": make_step(plain, optimizer, batch, live, plain_loss),
            "same teacher": make_step(ours, optimizer, batch, live, our_loss),
            "cached teacher": make_step(ours, optimizer, batch, cached, our_loss),
        }
        turns = take_turns(steps.values(), options)
    print(describe(options))
    print_rows(list(steps)[:2], turns[:, :2])
    print_rows(list(steps)[2:], turns[:, 2:])


if __name__ == "__main__":
    main()
