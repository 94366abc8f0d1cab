import math

import pytest
import torch

from tests.policies.conftest import TOY
from vlareg.policies.lora import LoRA, base_model
from vlareg.policies.openvla import OpenVLAForActionPrediction


def _load(dtype=torch.float32):
    return OpenVLAForActionPrediction.from_pretrained(TOY, dtype=dtype).train()


def _adapters(policy):
    return {name: p for name, p in policy.named_parameters() if p.requires_grad}


def test_only_adapters_are_trainable(checkpoint):
    policy = LoRA(rank=4).attach(OpenVLAForActionPrediction.from_pretrained(checkpoint))
    names = _adapters(policy)
    assert names
    assert all("lora_" in name for name in names)
    assert not any("lm_head" in name for name in names)
    assert base_model(policy) is policy.get_base_model()


@pytest.mark.parametrize("base", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_the_adapters_have_their_own_number_format(reference, base, dtype):
    policy = LoRA(rank=4, targets="reference", dtype=dtype).attach(_load(base))
    assert {p.dtype for p in _adapters(policy).values()} == {getattr(torch, dtype)}
    assert {p.dtype for p in policy.parameters() if not p.requires_grad} == {base}
    output = policy(**reference.inputs)
    assert output.logits.dtype == base
    output.loss.backward()
    assert {p.grad.dtype for p in _adapters(policy).values() if p.grad is not None} == {getattr(torch, dtype)}


def test_adapters_start_without_effect(reference):
    with torch.no_grad():
        plain = _load()(**reference.inputs).loss
        for options in ({}, {"dora": True}, {"rslora": True}):
            adapted = LoRA(rank=4, targets="live", **options).attach(_load())(**reference.inputs).loss
            torch.testing.assert_close(adapted, plain, rtol=1e-5, atol=0)


def test_dora_learns_a_length_for_every_row(reference):
    policy = LoRA(rank=4, targets="live", dora=True).attach(_load())
    lengths = {name: p for name, p in _adapters(policy).items() if "magnitude" in name}
    assert len(lengths) == len(_adapters(policy)) / 3
    policy(**reference.inputs).loss.backward()
    assert all(p.grad is not None and p.grad.any() for p in lengths.values())


def test_rslora_scales_by_the_root_of_the_rank():
    for rslora, scale in ((False, 16 / 4), (True, 16 / math.sqrt(4))):
        policy = LoRA(rank=4, alpha=16, targets="language", rslora=rslora).attach(_load())
        layer = policy.get_base_model().language_model.model.layers[0].mlp.up_proj
        assert layer.scaling["default"] == scale


@pytest.mark.parametrize(("field", "value"), [("rank", 0), ("alpha", -1), ("dropout", 1.0)])
def test_arguments_are_checked(field, value):
    with pytest.raises(ValueError, match=f"`{field}` must be .* but got {value}"):
        LoRA(**{field: value})
