from functools import partial

import pytest
import timm
import torch
from safetensors.torch import save_file

from tests.teachers.places import brightest_place
from vlareg.teachers import TimmTeacher, timm_teacher
from vlareg.teachers.timm_features import build


@pytest.fixture
def transformer(tmp_path):
    """A tiny transformer and a file of its weights, classifier included."""
    torch.manual_seed(0)
    model = timm.create_model("test_vit").eval()
    save_file(model.state_dict(), tmp_path / "vit.safetensors")
    return model, tmp_path / "vit.safetensors"


def test_a_local_file_is_loaded(transformer):
    model, path = transformer
    teacher = TimmTeacher("test_vit", weights=path)
    images = torch.rand(2, 3, 160, 160)
    features, grid = teacher(images)
    with torch.no_grad():
        tokens = model.forward_features((images - 0.5) / 0.5)
    assert grid == (10, 10)
    torch.testing.assert_close(features, tokens[:, 1:])


def test_it_takes_the_mean_and_std_of_its_training(transformer):
    teacher = TimmTeacher("test_vit", weights=transformer[1])
    config = transformer[0].pretrained_cfg
    assert tuple(teacher.mean.flatten().tolist()) == pytest.approx(config["mean"])
    assert tuple(teacher.std.flatten().tolist()) == pytest.approx(config["std"])
    assert teacher.image_size == config["input_size"][1:]


def test_another_image_size_has_another_grid(transformer):
    features, grid = TimmTeacher("test_vit", weights=transformer[1], image_size=96)(torch.rand(1, 3, 50, 50))
    assert grid == (6, 6)
    assert features.shape[1] == 36


def test_layers_differ(transformer):
    images = torch.rand(1, 3, 160, 160)
    last, first = (TimmTeacher("test_vit", weights=transformer[1], layer=layer) for layer in (-1, 0))
    assert not torch.allclose(last(images).features, first(images).features)


def test_a_convolutional_network_works_too(tmp_path):
    model = timm.create_model("test_efficientnet")
    torch.save(model.state_dict(), tmp_path / "net.pth")
    features, grid = TimmTeacher("test_efficientnet", weights=tmp_path / "net.pth")(torch.rand(1, 3, 160, 160))
    assert features.shape[1] == grid[0] * grid[1] == 25


CLIP_MEAN, IMAGENET_MEAN = (0.48145466, 0.4578275, 0.40821073), (0.485, 0.456, 0.406)  # of OpenAI's CLIP; ImageNet's
ARCHITECTURES = {
    "vit_base_patch16_radio_v3": (CLIP_MEAN, (512, 512), 8),
    "vit_large_patch16_radio_v3": (CLIP_MEAN, (512, 512), 8),
    "vit_large_patch14_reg4_dinov2": (IMAGENET_MEAN, (518, 518), 5),
    "vit_so400m_patch14_siglip_224": ((0.5, 0.5, 0.5), (224, 224), 0),
}
"""timm's mean, size and number of tokens before the patches; weights of the tests' own, since these need a hub."""


@pytest.mark.parametrize("model", ARCHITECTURES)
def test_transformers_of_the_field_at_a_small_width(model, tmp_path, monkeypatch):
    mean, size, prefix = ARCHITECTURES[model]
    small = {"embed_dim": 32, "depth": 2, "num_heads": 2}
    torch.manual_seed(0)
    encoder = timm.create_model(model, **small)
    assert encoder.num_prefix_tokens == prefix
    save_file(encoder.state_dict(), tmp_path / "a.safetensors")
    monkeypatch.setattr(timm_teacher, "build", partial(build, **small))
    assert TimmTeacher(model, weights=tmp_path / "a.safetensors").image_size == size
    patch = encoder.patch_embed.patch_size[0]
    teacher = TimmTeacher(model, weights=tmp_path / "a.safetensors", image_size=6 * patch)
    assert teacher.mean.flatten().tolist() == pytest.approx(mean)
    assert brightest_place(teacher, (6, 6), (1, 4)) == (1, 4)


def test_an_efficientnet_has_a_grid(tmp_path):
    model = timm.create_model("test_efficientnet")
    save_file(model.state_dict(), tmp_path / "net.safetensors")
    teacher = TimmTeacher("test_efficientnet", weights=tmp_path / "net.safetensors", image_size=(192, 128), layer=-2)
    row, column = brightest_place(teacher, (12, 8), (9, 2))
    assert max(abs(row - 9), abs(column - 2)) <= 1  # a random convolution's centre need not be its own


def test_building_it_leaves_the_global_random_state_alone(transformer):
    state = torch.get_rng_state()
    TimmTeacher("test_vit", weights=transformer[1])
    assert torch.equal(torch.get_rng_state(), state)


def unreachable(*args, **kwargs):
    raise OSError("hub out of reach")


def test_it_is_never_random(transformer, tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match="no file at"):
        TimmTeacher("test_vit", weights=tmp_path / "missing.safetensors")
    with pytest.raises(RuntimeError, match="No pretrained weights of timm's `test_efficientnet`"):
        TimmTeacher("test_efficientnet", weights=transformer[1])
    with pytest.raises(RuntimeError, match="Give a local file as `weights`"):
        TimmTeacher("seresnet18")
    monkeypatch.setattr(timm, "create_model", unreachable)
    with pytest.raises(RuntimeError, match=r"from its cache or hub \(hub out of reach\)"):
        TimmTeacher("test_vit")


def test_a_pickle_with_code_is_not_run(tmp_path):
    class Harmful:
        def __reduce__(self):
            return (print, ("executed",))

    torch.save({"a": Harmful()}, tmp_path / "harmful.pth")
    with pytest.raises(RuntimeError, match="No pretrained weights"):
        TimmTeacher("test_vit", weights=tmp_path / "harmful.pth")
