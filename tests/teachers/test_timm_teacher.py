import pytest
import timm
import torch
from safetensors.torch import save_file

from vlareg.teachers import TimmTeacher


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
    assert teacher.image_size == config["input_size"][-1]


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
