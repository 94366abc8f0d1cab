import pytest
import torch
from torch import nn

from tests.policies.conftest import TOY
from vlareg.policies.lora import LoRA
from vlareg.policies.openvla import OpenVLAForActionPrediction
from vlareg.policies.trainable import freeze, parameters_without_gradient


def _load():
    return OpenVLAForActionPrediction.from_pretrained(TOY, dtype=torch.float32).train()


def test_full_fine_tuning_with_a_frozen_vision_encoder(reference):
    policy = _load()
    freeze(policy, ["vision_backbone"])
    policy(**reference.inputs).loss.backward()
    assert not parameters_without_gradient(policy)
    learning = {name.split(".")[0] for name, p in policy.named_parameters() if p.grad is not None}
    assert learning == {"projector", "language_model"}


def test_full_fine_tuning_names_what_stands_behind_the_features(reference):
    policy = _load()
    policy(**reference.inputs).loss.backward()
    idle = parameters_without_gradient(policy)
    unread = {id(p) for module in policy.vision_backbone.unread_modules() for p in module.parameters()}
    assert set(idle) == {name for name, p in policy.named_parameters() if id(p) in unread}


def test_an_adapter_on_a_detached_path_is_named_and_a_fresh_one_is_not(reference):
    policy = _load()
    adapted = LoRA(rank=2, targets=["language", r"projector\.fc[123]"]).attach(policy)
    policy.projector.register_forward_hook(lambda module, inputs, output: output.detach())
    adapted(**reference.inputs).loss.backward()
    idle = parameters_without_gradient(adapted)
    assert {name.split("model.projector.")[1] for name in idle} == {
        f"fc{i}.lora_{factor}.default.weight" for i in (1, 2, 3) for factor in "AB"
    }


def test_a_gradient_of_zero_counts_as_none():
    layer = nn.Linear(2, 2)
    (layer(torch.ones(1, 2)) * 0).sum().backward()
    assert parameters_without_gradient(layer) == ["weight", "bias"]


def test_freezing_what_is_not_there_is_refused():
    with pytest.raises(ValueError, match="no module 'vision'"):
        freeze(nn.Linear(1, 1), ["vision"])
