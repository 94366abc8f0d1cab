import importlib.util
import sys

import pytest
import torch

from tests.policies.conftest import TOY
from vlareg.module import RegularizedPolicy
from vlareg.policies.adapter_files import save_policy
from vlareg.policies.lora import LoRA
from vlareg.policies.openvla import OpenVLAForActionPrediction
from vlareg.policies.trainable import parameters_without_gradient


def _load():
    return OpenVLAForActionPrediction.from_pretrained(TOY, dtype=torch.float32).train()


def test_without_bitsandbytes_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "bitsandbytes", None)
    with pytest.raises(ImportError, match=r'pip install "vlareg\[nf4\]"'):
        LoRA(nf4=True).attach(_load())


@pytest.mark.skipif(importlib.util.find_spec("bitsandbytes") is None, reason="the extra `nf4` is not installed")
def test_adapters_on_weights_in_four_bits_learn_and_merge_into_the_whole_ones(reference, tmp_path):
    policy = LoRA(rank=4, targets="live", nf4=True).attach(_load()).to("cpu")  # moving packs the weights
    layer = policy.get_base_model().language_model.model.layers[0].mlp.up_proj
    assert layer.base_layer.weight.dtype == torch.uint8
    assert policy.get_base_model().projector.fc1.base_layer.weight.dtype == torch.float32
    output = policy(**reference.inputs)
    output.loss.backward()
    assert output.loss.item() == pytest.approx(reference.numbers["loss"], rel=0.15)
    assert output.loss.item() != pytest.approx(reference.numbers["loss"], rel=1e-4)
    assert not parameters_without_gradient(policy)
    with torch.no_grad():
        layer.lora_B["default"].weight.normal_(std=0.05)
    save_policy(policy, tmp_path)
    merged = OpenVLAForActionPrediction.from_pretrained(tmp_path)
    name = "language_model.model.layers.0.mlp.up_proj.weight"
    change = merged.get_parameter(name) - _load().get_parameter(name)
    expected = layer.lora_B["default"].weight @ layer.lora_A["default"].weight * 4
    torch.testing.assert_close(change, expected.detach(), rtol=1e-3, atol=1e-3)


def test_a_runs_checkpoint_leaves_out_what_describes_packed_weights(checkpoint):
    module = RegularizedPolicy(str(checkpoint), lora=LoRA(rank=2, targets="language"))
    state = module.state_dict()
    weight = next(name for name in state if name.endswith("base_layer.weight"))
    saved = {
        "state_dict": state
        | {f"{weight}.absmax": torch.zeros(1), f"{weight}.quant_state.bitsandbytes__nf4": state[weight]}
    }
    module.on_save_checkpoint(saved)
    assert saved["state_dict"].keys() == {name for name, p in module.named_parameters() if p.requires_grad}
    module.on_load_checkpoint(saved)
