import copy

import pytest
import torch
from peft.tuners.lora import LoraLayer
from torch import nn

from tests.policies.conftest import TOY
from vlareg.policies.lean_lora import LeanLoRA
from vlareg.policies.lora import LoRA
from vlareg.policies.openvla import OpenVLAForActionPrediction


def adapted(base=torch.float32, **options):
    """Return a policy whose adapters have an effect, and one that computes as peft does."""
    policy = OpenVLAForActionPrediction.from_pretrained(TOY, dtype=base).train()
    lean = LoRA(rank=8, targets="reference", **options).attach(policy)
    torch.manual_seed(0)
    for name, parameter in lean.named_parameters():
        if "lora_B" in name:
            nn.init.normal_(parameter, std=0.05)
    plain = copy.deepcopy(lean)
    for layer in layers(plain):
        if not options.get("dora"):
            layer.lora_variant.clear()
    return lean, plain


def layers(policy):
    return [module for module in policy.modules() if isinstance(module, LoraLayer)]


def gradients(policy, inputs):
    output = policy(**inputs)
    output.loss.backward()
    return {"logits": output.logits} | {name: p.grad for name, p in policy.named_parameters() if p.grad is not None}


@pytest.mark.parametrize("base", [torch.float32, torch.bfloat16])
def test_outputs_and_gradients_are_those_of_peft_to_the_last_bit(reference, base):
    lean, plain = adapted(base, alpha=4)
    assert all(isinstance(layer.lora_variant["default"], LeanLoRA) for layer in layers(lean))
    assert {type(layer).__name__ for layer in layers(lean)} == {"Linear", "Conv2d"}
    ours, theirs = gradients(lean, reference.inputs), gradients(plain, reference.inputs)
    assert ours.keys() == theirs.keys()
    for name, value in ours.items():
        assert torch.equal(value, theirs[name]), name


def test_adapters_of_16_bits_agree_with_peft_to_rounding(reference):
    lean, plain = adapted(alpha=4, dtype="bfloat16")
    ours, theirs = gradients(lean, reference.inputs), gradients(plain, reference.inputs)
    for name, value in ours.items():
        largest = theirs[name].abs().max().item()
        torch.testing.assert_close(
            value, theirs[name], rtol=2**-7, atol=2**-7 * largest, msg=lambda text, name=name: f"{name}: {text}"
        )


def test_under_autocast_and_with_another_scale(reference):
    lean, plain = adapted(alpha=4)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(lean(**reference.inputs).logits, plain(**reference.inputs).logits)
    lean, plain = adapted(alpha=3, rslora=True)
    torch.testing.assert_close(lean(**reference.inputs).logits, plain(**reference.inputs).logits, atol=1e-3, rtol=0)


def test_peft_merges_and_unmerges_it_as_its_own():
    lean, plain = adapted(alpha=4)
    for safe in (False, True):
        for ours, theirs in zip(layers(lean), layers(plain), strict=True):
            before = ours.get_base_layer().weight.clone()
            for layer in (ours, theirs):
                layer.merge(safe_merge=safe)
            assert torch.equal(ours.get_base_layer().weight, theirs.get_base_layer().weight)
            assert not torch.equal(ours.get_base_layer().weight, before)
            for layer in (ours, theirs):
                layer.unmerge()
            assert torch.equal(ours.get_base_layer().weight, theirs.get_base_layer().weight)


def test_dora_stays_as_it_is():
    lean, _ = adapted(dora=True)
    assert not any(isinstance(layer.lora_variant["default"], LeanLoRA) for layer in layers(lean))
