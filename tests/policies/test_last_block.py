import copy

import pytest
import torch
import torch.distributed as dist
from torch.distributed.device_mesh import DeviceMesh
from torch.distributed.fsdp import fully_shard

from vlareg.features import FeatureTap
from vlareg.policies.lora import LoRA
from vlareg.policies.openvla.last_block import is_watched
from vlareg.regularizers.upper_blocks_adapter import UpperBlocksAdapter

LAST = "language_model.model.layers.5"


def loss_and_gradients(policy, batch, **options):
    loss = policy(**batch, **options).loss
    loss.backward()
    return {"loss": loss.detach()} | {name: p.grad for name, p in policy.named_parameters() if p.grad is not None}


def rows_of_the_mlp(policy, batch, monkeypatch):
    """Return how many positions the last block's MLP computes, asked without a hook."""
    act, rows = policy.get_submodule(f"{LAST}.mlp.act_fn"), []
    forward = act.forward

    def count(x):
        rows.append(x.shape[:-1].numel())
        return forward(x)

    with monkeypatch.context() as patch:
        patch.setattr(act, "forward", count)
        policy(**batch)
    return rows


def test_it_finishes_the_labelled_positions_alone(mini, batch, monkeypatch):
    assert rows_of_the_mlp(mini, batch, monkeypatch) == [int((batch["labels"][:, 1:] != -100).sum())]


@pytest.mark.parametrize("checkpointing", [False, True])
def test_loss_and_gradients_are_those_of_all_positions(mini, batch, checkpointing):
    limited = LoRA(rank=4).attach(copy.deepcopy(mini)).train()
    for name, parameter in limited.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.02)
    whole = copy.deepcopy(limited)
    if checkpointing:
        limited.base_model.model.gradient_checkpointing_enable({"use_reentrant": False})
    ours = loss_and_gradients(limited, batch)
    theirs = loss_and_gradients(whole, batch, logits_at_labels=False)
    assert ours.keys() == theirs.keys()
    assert any(LAST in name for name in ours)
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("path", [LAST, f"{LAST}.mlp", f"{LAST}.post_attention_layernorm", "language_model.model.norm"])
def test_whoever_reads_it_sees_every_position(mini, batch, path, monkeypatch):
    alone = mini(**batch)
    with FeatureTap(mini, [path]) as tap:
        seen = mini(**batch)
    assert tap[path].shape[:2] == (3, batch["input_ids"].shape[1] + mini.num_patches)
    torch.testing.assert_close(seen.logits, alone.logits, rtol=0, atol=1e-4)
    assert rows_of_the_mlp(mini, batch, monkeypatch) == [len(alone.logits)]


def test_a_hook_of_a_gradient_counts_too(mini, batch, monkeypatch):
    hook = mini.get_submodule(f"{LAST}.mlp").register_full_backward_hook(lambda *_: None)
    assert rows_of_the_mlp(mini, batch, monkeypatch) == [3 * (batch["input_ids"].shape[1] + mini.num_patches)]
    hook.remove()


def test_the_hooks_of_fsdp2_do_not_count(mini):
    model = copy.deepcopy(mini).language_model.model
    dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
    try:
        fully_shard(model.layers[-1], mesh=DeviceMesh("cpu", torch.arange(1)))
    finally:
        dist.destroy_process_group()
    assert model.layers[-1]._forward_hooks
    assert not is_watched(model)


def test_an_adapter_of_upper_blocks_runs_all_of_it(mini, batch):
    below = "language_model.model.layers.3"
    adapter = UpperBlocksAdapter(192, 4)
    with FeatureTap(mini, [below]) as tap, adapter.watch(mini):
        mini(**batch)
    before_actions = torch.zeros(tap[below].shape[:2], dtype=torch.bool)
    before_actions[:, : mini.num_patches + 3] = True
    assert adapter(tap[below], before_actions).shape == (3, 192)
