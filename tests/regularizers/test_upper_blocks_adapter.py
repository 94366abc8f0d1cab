import dataclasses

import pytest
import torch

from vlareg.data import LiberoData
from vlareg.features import FeatureTap
from vlareg.policies.lora import LoRA
from vlareg.regularizers import RSCL, UpperBlocksAdapter

BLOCKS = "language_model.model.layers"


@pytest.fixture
def batch(checkpoint, demonstrations):
    data = LiberoData(str(checkpoint), demonstrations)
    data.setup()
    data.train.instructions = ["put the red cube on the plate", "push the block"]  # of two lengths
    return data.train.__getitems__([0, 9, 30, 31])


@pytest.fixture
def adapter(policy):
    torch.manual_seed(1)
    adapter = UpperBlocksAdapter(policy.config.text_config.hidden_size, first_block=1)
    torch.nn.init.normal_(adapter.summary)
    return adapter


def summarise(adapter, policy, batch, change=lambda tokens: tokens):
    with FeatureTap(policy, [f"{BLOCKS}.0"]) as tap, adapter.watch(policy):
        policy(**batch.model_inputs())
    return adapter(change(tap[f"{BLOCKS}.0"]), batch.condition_mask)


def test_equals_the_policy_run_with_the_token_in_the_place_of_the_first_action(adapter, policy, batch):
    summary = summarise(adapter, policy, batch)
    place = batch.condition_mask.sum(dim=1)
    assert len(set(place.tolist())) == 2

    def put(module, inputs, output):
        output = output.clone()
        output[torch.arange(len(batch)), place] = adapter.summary
        return output

    handle = policy.get_submodule(f"{BLOCKS}.0").register_forward_hook(put)
    with FeatureTap(policy, [f"{BLOCKS}.1"]) as tap:
        policy(**batch.model_inputs())
    handle.remove()
    expected = adapter.norm(tap[f"{BLOCKS}.1"][torch.arange(len(batch)), place])
    torch.testing.assert_close(summary, expected, atol=1e-5, rtol=1e-5)


def test_the_answer_is_not_read(adapter, policy, batch):
    answers = batch.labels != -100
    other = dataclasses.replace(batch, input_ids=torch.where(answers, batch.input_ids.flip(0), batch.input_ids))
    prompt = dataclasses.replace(
        batch, input_ids=torch.where(answers, batch.input_ids, batch.input_ids.flip(1).roll(1, 1))
    )
    assert torch.equal(summarise(adapter, policy, other), summarise(adapter, policy, batch))
    assert not torch.allclose(summarise(adapter, policy, prompt), summarise(adapter, policy, batch))


def test_what_is_cut_off_is_not_read(adapter, policy, batch):
    view = batch.view_slices[1]

    def cut(tokens):
        tokens = tokens.clone()
        tokens[:, view] = 0
        return tokens

    def cut_other_values(tokens):
        return cut(tokens + 100 * torch.nn.functional.one_hot(torch.tensor(view.start), tokens.shape[1])[:, None])

    whole, without = summarise(adapter, policy, batch), summarise(adapter, policy, batch, cut)
    assert not torch.allclose(whole, without)
    assert torch.equal(without, summarise(adapter, policy, batch, cut_other_values))


@pytest.mark.parametrize("lora", [True, False])
def test_the_policy_learns_below_and_above_the_tap(adapter, policy, batch, lora):
    policy = LoRA().attach(policy) if lora else policy
    summarise(adapter, policy, batch).square().sum().backward()
    learned = {name for name, p in policy.named_parameters() if p.grad is not None and p.grad.abs().sum() > 0}
    for part in ("vision_backbone", f"{BLOCKS}.0.", f"{BLOCKS}.1."):
        assert any(part in name for name in learned), part
    assert adapter.summary.grad.abs().sum() > 0


def test_the_policy_is_none_of_the_regularizers_modules(adapter, policy, batch):
    summarise(adapter, policy, batch)
    assert {name for name, _ in adapter.named_parameters()} == {"summary", "norm.weight", "norm.bias"}


def test_the_policy_computes_the_same_while_it_is_watched(adapter, policy, batch):
    alone = policy(**batch.model_inputs()).loss
    with adapter.watch(policy):
        assert torch.equal(policy(**batch.model_inputs()).loss, alone)
    assert not any(block._forward_pre_hooks for block in policy.get_submodule(BLOCKS))


def test_in_rscl(policy, batch):
    dim = policy.config.text_config.hidden_size
    rscl = RSCL(f"{BLOCKS}.0", dim, adapter=UpperBlocksAdapter(dim, first_block=1))
    with rscl.watch(policy):
        policy(**batch.model_inputs())
    result = rscl(batch)
    result.loss.backward()
    assert float(result.logs["kl"]) > 0
    assert all(p.grad is not None for p in rscl.parameters())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"dim": 0, "first_block": 1}, "`dim` must be > 0"),
        ({"dim": 8, "first_block": 0}, "`first_block` must be > 0"),
    ],
)
def test_arguments_are_checked(arguments, message):
    with pytest.raises(ValueError, match=message):
        UpperBlocksAdapter(**arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"first_block": 2}, "`first_block` is 2, but .* has 2 blocks"),
        ({"first_block": 1, "blocks": "language_model.model.norm"}, "must name a list of blocks"),
        ({"first_block": 1, "blocks": "language_model.model.layer"}, "Did you mean"),
    ],
)
def test_blocks_that_do_not_exist_are_named(policy, arguments, message):
    with pytest.raises(ValueError, match=message), UpperBlocksAdapter(8, **arguments).watch(policy):
        pass


def test_an_unwatched_policy_or_a_prompt_alone_is_refused(adapter, policy, batch):
    with pytest.raises(RuntimeError, match="has seen no block run"):
        adapter(torch.zeros(1, 4, 8), torch.ones(1, 4, dtype=torch.bool))
    with adapter.watch(policy):
        policy(**batch.model_inputs())
    tokens = torch.zeros(4, batch.condition_mask.shape[1], adapter.out_dim)
    with pytest.raises(ValueError, match="no action tokens"):
        adapter(tokens, torch.ones(tokens.shape[:2], dtype=torch.bool))
