import numpy as np
import torch

from vlareg.callbacks.readings import read_probe
from vlareg.diagnose.layers import middle_layer, patch_layers, prompt_layers
from vlareg.diagnose.policy_inputs import policy_batch
from vlareg.policies.openvla import OpenVLAForActionPrediction, OpenVLAProcessor


def test_no_words_are_in_the_patches(checkpoint):
    policy, processor = (
        OpenVLAForActionPrediction.from_pretrained(checkpoint),
        OpenVLAProcessor.from_pretrained(checkpoint),
    )
    frames = np.random.default_rng(0).integers(0, 255, (2, 2, 96, 96, 3), dtype=np.uint8)
    layers = [*patch_layers(policy), *prompt_layers(policy)]
    first, second = (
        read_probe(policy, layers, [policy_batch(processor, frames, [words] * 2)]).values
        for words in ("do nothing", "put the red cube on the plate")
    )
    assert "projector.patches" in first
    for name, value in first.items():
        assert torch.allclose(value, second[name], atol=1e-5) != name.endswith("last_prompt")


def test_the_layers_stand_in_the_order_of_the_computation(checkpoint):
    names = [layer.name for layer in patch_layers(OpenVLAForActionPrediction.from_pretrained(checkpoint))]
    starts = [name.split(".")[0] for name in names]
    assert starts == ["vision"] * 8 + ["projector"] + ["llm"] * 2
    assert middle_layer(names) == "llm.0.patches"
