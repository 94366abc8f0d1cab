"""The counts called published are those of the published 7B model: of its parameters, and of what two versions of peft adapt in it."""

import pytest
import torch
from peft import LoraConfig, get_peft_model

from tests.policies.conftest import TOY
from vlareg.policies.lora import LoRA
from vlareg.policies.openvla import OpenVLAConfig, OpenVLAForActionPrediction
from vlareg.policies.openvla.lora_targets import PRESETS, matching_layers, target_pattern
from vlareg.policies.trainable import parameters_without_gradient


@pytest.fixture(scope="module")
def published() -> OpenVLAForActionPrediction:
    with torch.device("meta"):
        return OpenVLAForActionPrediction(OpenVLAConfig())


def _load() -> OpenVLAForActionPrediction:
    return OpenVLAForActionPrediction.from_pretrained(TOY, dtype=torch.float32).train()


def _adapted_layers(policy) -> list[str]:
    names = (name for name, module in policy.named_modules() if hasattr(module, "lora_A"))
    return [name.removeprefix("base_model.model.") for name in names]


@pytest.mark.parametrize(
    ("preset", "layers", "parameters"),
    [
        ("reference", 439, 110_828_288),  # published
        ("modern", 436, 109_563_904),  # published
        ("live", 426, 109_126_400),
        ("language", 224, 79_953_920),  # the known count of LoRA on Llama 2 7B
        ("vision", 198, 26_995_456),
    ],
)
def test_counts_on_the_published_size(published, preset, layers, parameters):
    found = [published.get_submodule(name) for name in matching_layers(published, target_pattern(published, preset))]
    assert len(found) == layers
    sizes = [(layer.weight.shape[0], layer.weight[0].numel()) for layer in found]
    assert sum(32 * (outputs + inputs) for outputs, inputs in sizes) == parameters


def test_what_peft_makes_of_the_reference_preset():
    with torch.device("meta"):
        policy = LoRA(targets="reference").attach(OpenVLAForActionPrediction(OpenVLAConfig()))
    assert sum(p.numel() for p in policy.parameters() if p.requires_grad) == 110_828_288
    assert len(_adapted_layers(policy)) == 439


def test_live_is_the_reference_without_the_thirteen_layers_that_nothing_reaches(published):
    reference, live = (matching_layers(published, target_pattern(published, name)) for name in ("reference", "live"))
    dead = set(reference) - set(live)
    assert len(dead) == 13
    assert set(live) < set(reference)
    ends = ("featurizer.blocks.23.", "featurizer.blocks.26.", "featurizer.attn_pool.")
    assert all(any(end in name for end in ends) for name in dead)


@pytest.mark.parametrize("preset", PRESETS)
def test_peft_adapts_exactly_what_a_preset_matches_and_live_ones_learn(preset, reference):
    policy = _load()
    wanted = matching_layers(policy, target_pattern(policy, preset))
    adapted = LoRA(rank=2, targets=preset).attach(policy)
    assert _adapted_layers(adapted) == wanted
    adapted(**reference.inputs).loss.backward()
    idle = {name.split(".lora_")[0] for name in parameters_without_gradient(adapted)}
    assert len(idle) == {"reference": 13, "modern": 13}.get(preset, 0)


def test_modern_is_what_peft_calls_all_linear(checkpoint):
    """The small checkpoint's runs rest on it: the same layers in the same order draw the same random numbers."""
    states = []
    for targets in ("modern", "all-linear"):
        torch.manual_seed(0)
        policy = OpenVLAForActionPrediction.from_pretrained(checkpoint)
        adapted = LoRA().attach(policy) if targets == "modern" else _all_linear(policy)
        states.append(adapted.state_dict())
    assert list(states[0]) == list(states[1])
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def _all_linear(policy):
    config = LoraConfig(r=32, lora_alpha=16, target_modules="all-linear", init_lora_weights="gaussian")
    return get_peft_model(policy, config)


def test_several_targets_are_joined(toy):
    pattern = target_pattern(toy, ["language", r"projector\.fc[123]"])
    names = matching_layers(toy, pattern)
    assert len(names) == 7 * 3 + 3
    assert all(name.startswith(("language_model.model.layers.", "projector.")) for name in names)


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        ("languag", "Did you mean 'language'"),
        ("q_proj", "full name of no layer. Presets are reference"),
        (["live", r"projector\.fc9"], "fc9"),
        ([], "at least one"),
    ],
)
def test_targets_that_match_nothing_are_refused(toy, targets, message):
    with pytest.raises(ValueError, match=message):
        target_pattern(toy, targets)


def test_a_preset_that_misses_layers_is_refused():
    policy = _load()
    attention = policy.language_model.model.layers[1].self_attn
    attention.query = attention.q_proj  # as if a library had renamed it
    del attention.q_proj
    with pytest.raises(ValueError, match=r"Preset 'language' must match 21 layers .* but matches 20"):
        LoRA(targets="language").attach(policy)
