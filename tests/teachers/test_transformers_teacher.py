import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

from tests.teachers.places import brightest_place
from vlareg.teachers import TransformersTeacher, transformers_teacher

SMALL = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
PICTURES = {"image_size": 32, "patch_size": 8}
TEXT = {**SMALL, "vocab_size": 50, "bos_token_id": 1, "eos_token_id": 2}
SQUARE = {"size": {"height": 32, "width": 32}}


def dinov2_with_registers():
    small = {**SMALL, "mlp_ratio": 2, "image_size": 70, "patch_size": 14, "num_register_tokens": 4}
    small.pop("intermediate_size")
    model = transformers.Dinov2WithRegistersModel(transformers.Dinov2WithRegistersConfig(**small))
    size = {"size": {"shortest_edge": 64}, "crop_size": {"height": 56, "width": 56}}
    return model, transformers.BitImageProcessor(**size, image_mean=[0.485, 0.456, 0.406])


def siglip():
    config = transformers.SiglipConfig(vision_config={**SMALL, **PICTURES}, text_config=TEXT)
    return transformers.SiglipModel(config), transformers.SiglipImageProcessor(**SQUARE)


def clip():
    both = {"projection_dim": 8}
    config = transformers.CLIPConfig(vision_config={**SMALL, **PICTURES, **both}, text_config={**TEXT, **both}, **both)
    size = {"size": {"shortest_edge": 32}, "crop_size": {"height": 32, "width": 32}}
    return transformers.CLIPModel(config), transformers.CLIPImageProcessor(**size)


def vit():
    """With a classifier instead of the pooler, as most checkpoints of ViT."""
    config = transformers.ViTConfig(**SMALL, **PICTURES)
    return transformers.ViTForImageClassification(config), transformers.ViTImageProcessor(**SQUARE)


MODELS = {
    dinov2_with_registers: ((56, 56), (4, 4), 5, [0.485, 0.456, 0.406]),
    siglip: ((32, 32), (4, 4), 0, [0.5, 0.5, 0.5]),
    clip: ((32, 32), (4, 4), 1, [0.48145466, 0.4578275, 0.40821073]),
    vit: ((32, 32), (4, 4), 1, [0.5, 0.5, 0.5]),
}


@pytest.fixture(scope="module", params=MODELS, ids=lambda make: make.__name__)
def saved(request, tmp_path_factory):
    """A small model in its folder."""
    torch.manual_seed(0)
    model, processor = request.param()
    folder = tmp_path_factory.mktemp("model")
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder, model.eval(), MODELS[request.param]


def test_size_colours_and_grid_are_those_of_its_folder(saved):
    folder, _, (size, grid, _, mean) = saved
    teacher = TransformersTeacher(folder)
    assert teacher.image_size == size
    assert teacher.mean.flatten().tolist() == pytest.approx(mean)
    assert brightest_place(teacher, grid, (2, 1)) == (2, 1)


def test_features_are_the_last_hidden_state_at_the_patches(saved):
    folder, model, (size, _, beside, _) = saved
    teacher = TransformersTeacher(folder)
    images = torch.rand(2, 3, *size)
    vision = getattr(model, "vision_model", getattr(model, "vit", model))
    with torch.no_grad():
        tokens = vision(pixel_values=(images - teacher.mean) / teacher.std).last_hidden_state
    torch.testing.assert_close(teacher(images).features, tokens[:, beside:])


def test_another_size_has_another_grid(saved):
    folder, _, (size, grid, _, _) = saved
    patch = size[0] // grid[0]
    assert brightest_place(TransformersTeacher(folder, image_size=6 * patch), (6, 6), (1, 4)) == (1, 4)


def test_the_arithmetic_of_tokens_is_checked(saved, monkeypatch):
    folder, _, (_, _, beside, _) = saved
    monkeypatch.setattr(transformers_teacher, "BESIDE_PATCHES", ("position_embedding",))
    if beside:
        with pytest.raises(ValueError, match=rf"gives {16 + beside} tokens for 4 x 4 patches .* has 0 class"):
            TransformersTeacher(folder)


def test_it_is_never_random(saved, tmp_path):
    folder, _, _ = saved
    weights = load_file(folder / "model.safetensors")
    name = next(
        name for name in weights if "patch_embed" in name and "vision" in name + "vision" * ("text" not in name)
    )
    for file in ("config.json", "preprocessor_config.json"):
        (tmp_path / file).write_text((folder / file).read_text())
    with pytest.raises(RuntimeError, match="No pretrained weights of"):
        TransformersTeacher(tmp_path)
    save_file({k: v for k, v in weights.items() if k != name}, tmp_path / "model.safetensors", {"format": "pt"})
    with pytest.raises(RuntimeError, match=r"lacks weights of its model: .*A teacher is never random"):
        TransformersTeacher(tmp_path)
    save_file({**weights, name: weights[name][:1]}, tmp_path / "model.safetensors", {"format": "pt"})
    with pytest.raises(RuntimeError):
        TransformersTeacher(tmp_path)


def test_without_pre_processing_or_folder_it_says_so(tmp_path):
    vit()[0].save_pretrained(tmp_path)
    for model in (tmp_path, tmp_path / "missing"):
        with pytest.raises(RuntimeError, match="Give a local folder as `model`"):
            TransformersTeacher(model)


def test_building_it_leaves_the_global_random_state_alone(saved):
    state = torch.get_rng_state()
    TransformersTeacher(saved[0])
    assert torch.equal(torch.get_rng_state(), state)


def test_weights_in_half_precision_run_in_float32(tmp_path):
    model, processor = siglip()
    model.to(torch.bfloat16).save_pretrained(tmp_path)
    processor.save_pretrained(tmp_path)
    assert TransformersTeacher(tmp_path)(torch.rand(1, 3, 32, 32)).features.dtype == torch.float32
