"""The numbers called reference come from the OpenVLA authors' code, run on tests/fixtures/openvla_toy."""

import copy
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file
from torch import Tensor
from transformers import AutoConfig, AutoModel, AutoModelForImageTextToText

from tests.policies.conftest import INSTRUCTIONS, TOY, Reference, build_mini
from vlareg.policies.openvla import OpenVLAConfig, OpenVLAForActionPrediction, OpenVLAProcessor
from vlareg.policies.openvla.decoding import append_token

Batch = dict[str, Tensor]


def prompts_of(processor: OpenVLAProcessor, batch: Batch) -> Batch:
    return {**processor.tokenize(INSTRUCTIONS), "pixel_values": batch["pixel_values"]}


def row(batch: Batch, i: int) -> Batch:
    """Return one row without its padding."""
    length = int(batch["attention_mask"][i].sum())
    texts = {name: value[i : i + 1, :length] for name, value in batch.items() if name != "pixel_values"}
    return {**texts, "pixel_values": batch["pixel_values"][i : i + 1]}


def logits(model: OpenVLAForActionPrediction, batch: Batch) -> Tensor:
    with torch.no_grad():
        return model(**{name: value for name, value in batch.items() if name != "labels"}).logits


def test_forward_reproduces_the_reference(toy: OpenVLAForActionPrediction, reference: Reference) -> None:
    seen: dict[str, Tensor] = {}

    def keep(name: str) -> Callable[..., None]:
        return lambda _module, _inputs, output: seen.__setitem__(name, output)

    paths = {
        "hidden_mid": "language_model.model.layers.1",
        "patch_features": "vision_backbone",
        "projector": "projector",
    }
    hooks = [toy.get_submodule(path).register_forward_hook(keep(name)) for name, path in paths.items()]
    with torch.no_grad():
        output = toy(**reference.inputs, logits_at_labels=False)
    for hook in hooks:
        hook.remove()
    numbers = reference.numbers
    assert output.loss.item() == pytest.approx(numbers["loss"], rel=1e-5)
    for name, value in seen.items():
        torch.testing.assert_close(value, torch.from_numpy(numbers[name]), rtol=0, atol=1e-4)
    valid = [output.logits[i, : length + toy.num_patches] for i, length in enumerate(numbers["lengths"])]
    expected = torch.from_numpy(numbers["logits_valid"])
    torch.testing.assert_close(torch.cat(valid)[:, numbers["logit_columns"]], expected, rtol=0, atol=1e-4)


def test_gradients_reproduce_the_reference(toy: OpenVLAForActionPrediction, reference: Reference) -> None:
    toy.zero_grad()
    toy(**reference.inputs).loss.backward()
    norms = {name: p.grad.norm().item() for name, p in toy.named_parameters() if p.grad is not None}
    toy.zero_grad()
    assert norms == pytest.approx(reference.grad_norms, rel=1e-3)


def test_actions_reproduce_the_reference_in_a_batch_and_alone(
    toy: OpenVLAForActionPrediction, reference: Reference
) -> None:
    prompts = reference.prompts()
    together = toy.predict_action(**prompts, unnorm_key="toy")
    alone = np.concatenate([toy.predict_action(**row(prompts, i), unnorm_key="toy") for i in range(3)])
    np.testing.assert_allclose(together, reference.numbers["actions"], rtol=0, atol=1e-6)
    np.testing.assert_allclose(alone, reference.numbers["actions"], rtol=0, atol=1e-6)


def test_decoding_without_a_cache_is_refused(mini: OpenVLAForActionPrediction, batch: Batch) -> None:
    """Gradient checkpointing drops the cache in training mode, and each token would be decoded as if it were the first."""
    policy = copy.deepcopy(mini).train()
    policy.gradient_checkpointing_enable({"use_reentrant": False})
    prompt = {name: value for name, value in batch.items() if name != "labels"}
    with pytest.raises(RuntimeError, match="evaluation mode"):
        policy.generate_tokens(**prompt, num_tokens=7)
    assert policy.eval().generate_tokens(**prompt, num_tokens=7).shape == (3, 7)


def test_generated_ids_are_the_references_without_the_constraint_too(
    toy: OpenVLAForActionPrediction, reference: Reference
) -> None:
    prompts = reference.prompts()
    ids, mask = append_token(prompts["input_ids"], prompts["attention_mask"], 29871, 32000)
    generated = toy.generate_tokens(ids, mask, prompts["pixel_values"], 7)
    assert generated.tolist() == reference.numbers["generated"].tolist()


def test_saving_writes_the_official_keys_and_loading_gives_the_same_weights(
    toy: OpenVLAForActionPrediction, tmp_path: Path
) -> None:
    toy.save_pretrained(tmp_path)
    saved, official = load_file(tmp_path / "model.safetensors"), load_file(TOY / "model.safetensors")
    assert {key: value.shape for key, value in saved.items()} == {key: value.shape for key, value in official.items()}
    for auto in (AutoModel, AutoModelForImageTextToText):
        loaded = auto.from_pretrained(tmp_path)
        assert isinstance(loaded, OpenVLAForActionPrediction)
        assert all(torch.equal(value, saved[key]) for key, value in loaded.state_dict().items())
    config = AutoConfig.from_pretrained(tmp_path)
    assert isinstance(config, OpenVLAConfig)
    assert config.norm_stats == toy.config.norm_stats


def test_logits_at_labels_are_a_selection_of_all_logits(mini: OpenVLAForActionPrediction, batch: Batch) -> None:
    with torch.no_grad():
        few, all_ = mini(**batch), mini(**batch, logits_at_labels=False)
    selected = all_.logits[:, mini.num_patches : -1][batch["labels"][:, 1:] != -100]
    torch.testing.assert_close(few.logits, selected, rtol=0, atol=1e-4)
    torch.testing.assert_close(few.loss, all_.loss, rtol=0, atol=1e-4)
    assert few.logits.shape == (3 * 8, mini.config.text_config.vocab_size)


def test_a_black_image_and_another_instruction_change_the_logits(
    mini: OpenVLAForActionPrediction, processor: OpenVLAProcessor, batch: Batch
) -> None:
    before = mini(**batch).logits
    black = processor.normalize(torch.zeros(3, 2, 3, 96, 96))
    assert (mini(**{**batch, "pixel_values": black}).logits - before).abs().mean() > 0.05
    others = processor.tokenize(INSTRUCTIONS[::-1], torch.zeros(3, 7))
    assert (logits(mini, {**batch, **others})[:, -1] - logits(mini, batch)[:, -1]).abs().mean() > 0.05


def test_each_view_stands_behind_the_one_before(mini: OpenVLAForActionPrediction, batch: Batch) -> None:
    per_view = mini.vision_backbone.patches_per_view
    changed = batch["pixel_values"].clone()
    changed[:, 6:] = 0.0  # the second view
    difference = (logits(mini, {**batch, "pixel_values": changed}) - logits(mini, batch)).abs().amax(dim=(0, 2))
    assert difference[: 1 + per_view].max() == 0.0
    assert difference[1 + per_view : 1 + 2 * per_view].min() > 0.0


def test_padding_does_not_matter(mini: OpenVLAForActionPrediction, batch: Batch) -> None:
    together = mini(**batch).logits.unflatten(0, (3, 8))
    for i in range(3):
        torch.testing.assert_close(mini(**row(batch, i)).logits, together[i], rtol=1e-4, atol=1e-4)


def test_the_cache_changes_nothing(mini: OpenVLAForActionPrediction, processor: OpenVLAProcessor, batch: Batch) -> None:
    prompts = prompts_of(processor, batch)
    calls: list[int] = []
    hook = mini.vision_backbone.register_forward_hook(lambda *_: calls.append(1))
    generated = mini.generate_tokens(**prompts, num_tokens=7, allowed_ids=mini.config.action_token_ids)
    hook.remove()
    assert len(calls) == 1
    start = mini.config.action_token_ids.start
    for i in range(3):
        alone = row(prompts, i)
        for token in generated[i]:
            assert logits(mini, alone)[0, -1, start:].argmax() + start == token
            alone["input_ids"] = torch.cat([alone["input_ids"], token[None, None]], dim=1)
            alone["attention_mask"] = torch.ones_like(alone["input_ids"], dtype=torch.bool)


def test_only_action_tokens_are_generated(
    mini: OpenVLAForActionPrediction, processor: OpenVLAProcessor, batch: Batch
) -> None:
    prompts = prompts_of(processor, batch)
    free = mini.generate_tokens(**prompts, num_tokens=7)
    constrained = mini.generate_tokens(**prompts, num_tokens=7, allowed_ids=mini.config.action_token_ids)
    assert not all(token in mini.config.action_token_ids for token in free.flatten().tolist())
    assert all(token in mini.config.action_token_ids for token in constrained.flatten().tolist())
    assert np.abs(mini.predict_action(**prompts)).max() <= 1.0


def test_without_the_constraint_another_token_is_refused(processor: OpenVLAProcessor, batch: Batch) -> None:
    model = build_mini(processor)
    prompts, action = prompts_of(processor, batch), model.config.action_token_ids.start
    with torch.no_grad():
        model.language_model.lm_head.weight.zero_()  # all tokens are alike, and the first one is no action
    with pytest.raises(ValueError, match=f"must be in {action}"):
        model.action_tokenizer.decode(model.generate_tokens(**prompts, num_tokens=7).numpy())
    assert model.predict_action(**prompts, unnorm_key="mini").shape == (3, 7)


def test_an_unknown_unnorm_key_names_those_that_exist(mini: OpenVLAForActionPrediction, batch: Batch) -> None:
    inputs = {name: batch[name] for name in ("input_ids", "attention_mask", "pixel_values")}
    with pytest.raises(ValueError, match=r"`unnorm_key` must be one of \['mini'\], but got 'bridge'"):
        mini.predict_action(**inputs, unnorm_key="bridge")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda b: {**b, "attention_mask": b["attention_mask"].flip(1)}, "right"),
        (lambda b: {**b, "labels": torch.full_like(b["labels"], -100)}, "`labels`"),
        (lambda b: {**b, "pixel_values": b["pixel_values"][:, :6]}, "12 channels"),
    ],
)
def test_bad_input_is_refused(
    mini: OpenVLAForActionPrediction, batch: Batch, change: Callable[[Batch], Batch], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        mini(**change(batch))


@pytest.mark.parametrize("adapters", [False, True])
def test_gradient_checkpointing_gives_the_same_gradients(
    processor: OpenVLAProcessor, batch: Batch, adapters: bool
) -> None:
    norms = []
    for checkpointing in (False, True):
        model = build_mini(processor).train()
        if checkpointing:
            model.gradient_checkpointing_enable()  # the name that all transformers 5 know
        policy = with_adapters(model) if adapters else model
        policy(**batch).loss.backward()
        norms.append({n: p.grad.norm().item() for n, p in policy.named_parameters() if p.grad is not None})
    assert len(norms[0]) > 50
    assert norms[1] == pytest.approx(norms[0], rel=1e-4)


def with_adapters(model: OpenVLAForActionPrediction) -> torch.nn.Module:
    torch.manual_seed(0)
    return get_peft_model(model, LoraConfig(r=4, target_modules="all-linear", init_lora_weights="gaussian"))


def test_adapters_sit_on_every_linear_layer_but_the_head(processor: OpenVLAProcessor, batch: Batch) -> None:
    model = with_adapters(build_mini(processor))
    adapted = {name for name, module in model.named_modules() if hasattr(module, "lora_A")}
    linear = {n for n, m in build_mini(processor).named_modules() if isinstance(m, torch.nn.Linear)}
    assert {name.removeprefix("base_model.model.") for name in adapted} == linear - {"language_model.lm_head"}
    model(**batch).loss.backward()
    idle = {n for n, p in model.named_parameters() if "lora_B" in n and (p.grad is None or not p.grad.any())}
    assert all(".blocks.4." in name or ".attn_pool." in name for name in idle)
    actions = model.predict_action(**prompts_of(processor, batch), unnorm_key="mini")
    assert actions.shape == (3, 7)


@pytest.mark.parametrize("training", [False, True])
def test_bfloat16_autocast_is_close_to_float32(mini: OpenVLAForActionPrediction, batch: Batch, training: bool) -> None:
    with torch.set_grad_enabled(training):
        exact = mini(**batch)
        with torch.autocast("cpu", torch.bfloat16):
            rough = mini(**batch)
    assert rough.loss.dtype == torch.float32
    assert rough.loss.item() == pytest.approx(exact.loss.item(), rel=0.02)
    torch.testing.assert_close(rough.logits.float(), exact.logits, rtol=0, atol=0.15 * exact.logits.std().item())


def test_bfloat16_weights_act(processor: OpenVLAProcessor, batch: Batch) -> None:
    model = build_mini(processor).to(torch.bfloat16)
    assert model(**batch).logits.dtype == torch.bfloat16
    assert model.predict_action(**prompts_of(processor, batch)).shape == (3, 7)


def test_the_published_size_has_the_published_numbers_of_parameters() -> None:
    """7,541,237,184 is the sum over the published checkpoint; 109,563,904 is what peft >= 0.15 adapts with rank 32."""
    with torch.device("meta"):
        model = OpenVLAForActionPrediction(OpenVLAConfig())
        assert sum(p.numel() for p in model.parameters()) == 7_541_237_184
        assert model.num_patches == 256
        model = get_peft_model(model, LoraConfig(r=32, target_modules="all-linear", init_lora_weights="gaussian"))
    assert sum(p.numel() for p in model.parameters() if p.requires_grad) == 109_563_904
