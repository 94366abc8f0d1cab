import torch

from vlareg.policies.lora import LoRA, base_model, merged
from vlareg.policies.openvla import OpenVLAForActionPrediction


def _adapted(checkpoint):
    torch.manual_seed(0)
    policy = LoRA(rank=4).attach(OpenVLAForActionPrediction.from_pretrained(checkpoint))
    for name, parameter in policy.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.05)
    return policy


def test_only_adapters_are_trainable_and_the_head_has_none(checkpoint):
    policy = _adapted(checkpoint)
    names = [name for name, p in policy.named_parameters() if p.requires_grad]
    assert names
    assert all("lora_" in name for name in names)
    assert not any("lm_head" in name for name in names)


def test_merging_computes_the_same_and_leaves_the_original(checkpoint):
    policy = _adapted(checkpoint).eval()
    inputs = {
        "input_ids": torch.tensor([[1, 5, 6]]),
        "attention_mask": torch.ones(1, 3, dtype=torch.bool),
        "pixel_values": torch.randn(1, 12, 96, 96, generator=torch.Generator().manual_seed(1)),
    }
    with torch.no_grad():
        before, plain = policy(**inputs).logits, merged(policy)(**inputs).logits
        without = base_model(OpenVLAForActionPrediction.from_pretrained(checkpoint))(**inputs).logits
        after = policy(**inputs).logits
    torch.testing.assert_close(plain, before, atol=1e-4, rtol=1e-4)
    assert torch.equal(after, before)
    assert (plain - without).abs().max() > 1e-3
