import json

import pytest
import torch
from safetensors.torch import load_file, save_file
from timm.models import register_model
from timm.models.vision_transformer import VisionTransformer
from transformers import PreTrainedTokenizerFast

from tests.policies.conftest import TOY
from vlareg.policies.openvla import OpenVLAConfig, OpenVLAForActionPrediction, OpenVLAProcessor, writing
from vlareg.policies.openvla.stored import INDEX_FILE, stored_tensors

STATISTICS = {"other": {"action": {"q01": [-0.5] * 7, "q99": [0.25] * 7, "mask": [True] * 6 + [False]}}}


def _read(file):
    return json.loads(file.read_text())


def _fields(tree):
    """Return the names of a nested dictionary, without the values."""
    return {key: _fields(value) for key, value in tree.items()} if isinstance(tree, dict) else None


def _same_weights(first, second):
    a, b = stored_tensors(first), stored_tensors(second)
    return a.keys() == b.keys() and all(
        a[key].dtype == b[key].dtype and torch.equal(a[key][...], b[key][...]) for key in a
    )


def test_weights_stay_until_the_new_ones_are_written(toy, tmp_path, monkeypatch):
    toy.save_pretrained(tmp_path)
    before = {key: weight[...] for key, weight in stored_tensors(tmp_path).items()}
    monkeypatch.setattr(writing, "save_file", full_disk)
    with pytest.raises(OSError, match="No space left"):
        toy.save_pretrained(tmp_path)
    after = stored_tensors(tmp_path)
    assert before.keys() == after.keys()
    assert all(torch.equal(weight, after[key][...]) for key, weight in before.items())
    assert not list(tmp_path.glob(".partial-*"))


def full_disk(*arguments, **options):
    raise OSError(28, "No space left on device")


@register_model
def vit_wide_dinov2(pretrained=False, **options):
    for name in ("pretrained_cfg", "pretrained_cfg_overlay", "cache_dir", "features_only"):
        options.pop(name, None)
    sizes = {"patch_size": 8, "embed_dim": 32, "depth": 3, "num_heads": 2, "mlp_ratio": 3.0, "img_size": 32}
    return VisionTransformer(**{**sizes, "init_values": 1e-5, "reg_tokens": 4, "no_embed_class": True, **options})


@register_model
def vit_wide_siglip(pretrained=False, **options):
    for name in ("pretrained_cfg", "pretrained_cfg_overlay", "cache_dir", "features_only"):
        options.pop(name, None)
    sizes = {"patch_size": 8, "embed_dim": 48, "depth": 5, "num_heads": 4, "mlp_ratio": 2.5, "img_size": 32}
    return VisionTransformer(**{**sizes, "class_token": False, "global_pool": "map", **options})


WIDE = {
    "arch_specifier": "no-align+fused-gelu-mlp",
    "architectures": ["OpenVLAForActionPrediction"],
    "auto_map": {"AutoConfig": "configuration_prismatic.OpenVLAConfig"},
    "hf_llm_id": "meta-llama/Llama-2-7b-hf",
    "image_resize_strategy": "resize-naive",
    "image_sizes": [32, 32],
    "llm_backbone_id": "llama2-7b-pure",
    "llm_max_length": 2048,
    "model_type": "openvla",
    "n_action_bins": 64,
    "norm_stats": STATISTICS,
    "output_projector_states": False,
    "pad_to_multiple_of": 16,
    "pad_token_id": 0,
    "text_config": {
        "hidden_size": 48,
        "intermediate_size": 100,
        "max_position_embeddings": 512,
        "model_type": "llama",
        "num_attention_heads": 4,
        "num_hidden_layers": 2,
        "num_key_value_heads": 2,
        "pad_token_id": 0,
        "rms_norm_eps": 1e-05,
        "rope_theta": 500.0,
        "vocab_size": 272,
    },
    "timm_model_ids": ["vit_wide_dinov2", "vit_wide_siglip"],
    "timm_override_act_layers": [None, "quick_gelu"],
    "torch_dtype": "bfloat16",
    "transformers_version": "4.40.1",
    "use_fused_vision_backbone": True,
    "vision_backbone_id": "dinosiglip-vit-so-224px",
}


@pytest.fixture
def wide(processor, tmp_path):
    """Return the folder of a checkpoint of other widths as transformers 4.40 would have written it."""
    folder = tmp_path / "wide"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(WIDE))
    (folder / "configuration_prismatic.py").write_text("raise SystemExit('it ran')")
    torch.manual_seed(0)
    weights = OpenVLAForActionPrediction(OpenVLAConfig.from_pretrained(folder)).to(torch.bfloat16).state_dict()
    parts = {f"model-0000{i + 1}-of-00003.safetensors": dict(list(weights.items())[i::3]) for i in range(3)}
    for name, part in parts.items():
        save_file(part, folder / name, metadata={"format": "pt"})
    index = {"metadata": {}, "weight_map": {key: name for name, part in parts.items() for key in part}}
    (folder / INDEX_FILE).write_text(json.dumps(index))
    _write_processor(processor.tokenizer, folder)
    return folder


def _write_processor(tokenizer: PreTrainedTokenizerFast, folder):
    tokenizer.save_pretrained(folder)
    fields = _read(folder / "tokenizer_config.json") | {"tokenizer_class": "PreTrainedTokenizerFast"}
    (folder / "tokenizer_config.json").write_text(json.dumps(fields | {"processor_class": "PrismaticProcessor"}))
    (folder / "added_tokens.json").write_text("{ }")
    (folder / "special_tokens_map.json").write_text('{"bos_token":   "<s>"}')
    (folder / "processor_config.json").write_text('{"processor_class":   "PrismaticProcessor"}')
    (folder / "tokenizer.model").write_bytes(b"sentencepiece")
    stored = {"means": [[0.4] * 3, [0.5] * 3], "stds": [[0.2] * 3, [0.5] * 3], "tvf_do_letterbox": False}
    (folder / "preprocessor_config.json").write_text(json.dumps(stored))


def test_the_toy_comes_back_bitwise_with_the_references_keys_and_fields(tmp_path):
    first = OpenVLAForActionPrediction.from_pretrained(TOY)
    first.save_pretrained(tmp_path)
    assert _same_weights(TOY, tmp_path)
    second = OpenVLAForActionPrediction.from_pretrained(tmp_path)
    assert all(torch.equal(value, second.state_dict()[key]) for key, value in first.state_dict().items())
    for name in ("config.json", "generation_config.json"):
        saved, official = (_read(folder / name) for folder in (tmp_path, TOY))
        assert saved.pop("transformers_version") != official.pop("transformers_version")
        assert saved == official
    assert _read(tmp_path / "dataset_statistics.json") == _read(TOY / "config.json")["norm_stats"]


def test_another_width_in_several_files_comes_back_bitwise(wide, tmp_path):
    model = OpenVLAForActionPrediction.from_pretrained(wide)
    assert (model.dtype, model.num_patches, model.config.text_config.num_key_value_heads) == (torch.bfloat16, 16, 2)
    assert model.language_model.model.rotary_emb.inv_freq.dtype == torch.float32
    assert model.config.text_config.rope_parameters["rope_theta"] == 500.0
    saved = tmp_path / "saved"
    model.save_pretrained(saved, max_shard_size="60KB")
    OpenVLAProcessor.from_pretrained(wide).save_pretrained(saved)
    assert _same_weights(wide, saved)
    config = _read(saved / "config.json")
    assert _fields(config) == _fields(WIDE)
    assert {**config, "transformers_version": "4.40.1"} == WIDE
    assert _read(saved / "dataset_statistics.json") == STATISTICS


def test_files_for_the_references_own_code_are_kept_as_they_were(wide, tmp_path):
    saved = tmp_path / "saved"
    OpenVLAForActionPrediction.from_pretrained(wide).save_pretrained(saved)
    OpenVLAProcessor.from_pretrained(wide).save_pretrained(saved)
    described = {file.name for file in wide.iterdir() if not file.name.startswith(("model", "config.json"))}
    assert "tokenizer.model" in described
    assert "configuration_prismatic.py" in described
    assert all((saved / name).read_bytes() == (wide / name).read_bytes() for name in described)


def test_our_own_fields_are_written_where_they_say_something(toy, tmp_path):
    config = OpenVLAConfig.from_pretrained(TOY)
    config.num_views, config.trained_with_augmentation = 3, False
    config.save_pretrained(tmp_path)
    new = _read(tmp_path / "config.json").keys() - _read(TOY / "config.json").keys()
    assert new == {"num_views", "trained_with_augmentation"}
    read = OpenVLAConfig.from_pretrained(tmp_path)
    assert (read.num_views, read.trained_with_augmentation, read.prompt_suffix_token_id) == (3, False, 29871)


def test_weight_files_are_cut_by_size_as_transformers_does(toy, tmp_path):
    limit = 300_000
    toy.save_pretrained(tmp_path, max_shard_size=limit)
    files = sorted(tmp_path.glob("*.safetensors"))
    assert [file.name for file in files] == [
        f"model-{i + 1:05d}-of-{len(files):05d}.safetensors" for i in range(len(files))
    ]
    index = _read(tmp_path / INDEX_FILE)
    assert index["metadata"]["total_size"] == sum(p.nbytes for p in toy.parameters())
    for file in files:
        sizes = [weight.nbytes for weight in load_file(file).values()]
        assert sum(sizes) <= limit or len(sizes) == 1
        assert all(index["weight_map"][key] == file.name for key in load_file(file))
        assert file.stat().st_mode & 0o044 == 0o044


def test_weights_of_an_earlier_checkpoint_do_not_stay(toy, tmp_path):
    for limit in (300_000, "5GB", 600_000):
        toy.save_pretrained(tmp_path, max_shard_size=limit)
        assert len(stored_tensors(tmp_path)) == len(toy.state_dict())


def test_a_processor_of_our_own_has_what_the_reference_asks_for(processor, tmp_path):
    """The reference's image processor reads `interpolations` for each encoder and has no default for it."""
    processor.save_pretrained(tmp_path)
    stored = _read(tmp_path / "preprocessor_config.json")
    assert stored["interpolations"] == ["bicubic", "bicubic"]
    assert stored["image_processor_type"] == "PrismaticImageProcessor"
