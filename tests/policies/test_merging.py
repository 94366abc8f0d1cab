import copy

import pytest
import torch

from tests.policies.conftest import TOY
from vlareg.policies.lora import LoRA
from vlareg.policies.merging import merge, merged_weights
from vlareg.policies.openvla import OpenVLAForActionPrediction


def _adapted(dtype=torch.float32, **options):
    torch.manual_seed(0)
    policy = LoRA(rank=4, targets="reference", **options).attach(
        OpenVLAForActionPrediction.from_pretrained(TOY, dtype=dtype)
    )
    for name, parameter in policy.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.05)
        if "magnitude" in name:
            parameter.data *= 1 + 0.1 * torch.rand_like(parameter)
    return policy.eval()


def _tensors(weights):
    return {name: weight[...] for name, weight in weights.items()}


@pytest.mark.parametrize("rslora", [False, True])
def test_merging_is_bitwise_what_peft_computes(rslora):
    policy = _adapted(rslora=rslora)
    ours = _tensors(merged_weights(policy))
    theirs = copy.deepcopy(policy).merge_and_unload().state_dict()
    assert ours.keys() == theirs.keys()
    patches = {name for name in ours if name.endswith("patch_embed.proj.weight")}
    assert len(patches) == 2
    for name in ours.keys() - patches:
        assert torch.equal(ours[name], theirs[name]), name
    for name in patches:
        torch.testing.assert_close(ours[name], theirs[name])


def test_with_dora_it_is_close_to_what_peft_computes():
    policy = _adapted(dora=True)
    ours = _tensors(merged_weights(policy))
    theirs = copy.deepcopy(policy).merge_and_unload().state_dict()
    assert ours.keys() == theirs.keys()
    for name, value in ours.items():
        torch.testing.assert_close(value, theirs[name], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("dora", [False, True])
def test_the_merged_policy_computes_the_same_and_the_adapted_one_stays(reference, dora):
    policy = _adapted(dora=dora)
    before = copy.deepcopy(policy.state_dict())
    merged = OpenVLAForActionPrediction.from_pretrained(TOY, dtype=torch.float32)
    with torch.no_grad():
        plain = merged(**reference.inputs).logits
        merged.load_state_dict(_tensors(merged_weights(policy)))
        ours, theirs = (model(**reference.inputs).logits for model in (merged, policy))
    torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-2)
    assert (ours - plain).abs().max() > 1.0
    assert all(torch.equal(value, before[name]) for name, value in policy.state_dict().items())


def test_the_sum_is_rounded_once():
    policy = _adapted(torch.bfloat16)
    layer = policy.get_base_model().projector.fc1
    weight, adapter = layer.base_layer.weight, (layer.lora_B["default"].weight, layer.lora_A["default"].weight)
    exact = weight.double() + 4 * adapter[0].double() @ adapter[1].double()
    assert merge(layer, weight).dtype == torch.bfloat16
    assert (merge(layer, weight).double() - exact).abs().max() <= (exact.bfloat16().double() - exact).abs().max()


def test_weights_from_files_are_the_same(reference):
    policy = _adapted(torch.float16)
    files, memory = (_tensors(merged_weights(policy, base)) for base in (TOY, None))
    assert files.keys() == memory.keys()
    assert all(torch.equal(files[name], memory[name]) for name in files)


def test_files_of_another_policy_are_refused(checkpoint):
    with pytest.raises(ValueError, match=r"is not the checkpoint of this policy; missing or unexpected"):
        merged_weights(_adapted(), checkpoint)


def test_weights_in_four_bits_have_to_come_from_files():
    policy = _adapted()
    policy.get_base_model().is_loaded_in_4bit = True
    with pytest.raises(ValueError, match="4 bits; give `base`"):
        merged_weights(policy)
