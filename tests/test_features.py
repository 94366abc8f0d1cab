import pytest
import torch
from torch import nn

from vlareg.features import FeatureTap


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 4)

    def forward(self, x):
        return self.linear(x), "cache"


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.language_model = nn.ModuleDict({"layers": nn.ModuleList([Block(), Block()])})
        self.vision = nn.ModuleDict({"layers": nn.ModuleList([Block()])})

    def forward(self, x):
        for block in self.language_model["layers"]:
            x, _ = block(x)
        return x


@pytest.fixture
def model():
    return Model()


def hooks(model):
    return sum(len(module._forward_hooks) for module in model.modules())


def test_reads_the_first_element_of_a_tuple_with_its_graph(model):
    x = torch.randn(2, 3, 4)
    with FeatureTap(model, ["language_model.layers.0", "language_model.layers.1"]) as tap:
        out = model(x)
    assert torch.equal(tap["language_model.layers.1"], out)
    tap["language_model.layers.0"].sum().backward()
    assert model.language_model["layers"][0].linear.weight.grad.abs().sum() > 0
    assert model.language_model["layers"][1].linear.weight.grad is None


def test_a_unique_suffix_is_enough_under_a_wrapper(model):
    wrapped = nn.ModuleDict({"base_model": nn.ModuleDict({"model": model})})
    with FeatureTap(wrapped, ["language_model.layers.1", "layers.1"]) as tap:
        out = model(torch.randn(2, 3, 4))
    assert torch.equal(tap["language_model.layers.1"], out)
    assert torch.equal(tap["layers.1"], out)


def test_an_exact_path_wins_over_suffixes():
    model = nn.ModuleDict({"a": nn.ModuleDict({"b": nn.ReLU()}), "b": nn.Sigmoid()})
    with FeatureTap(model, ["b"]) as tap:
        model["a"]["b"](torch.ones(1, 1, 1))
        model["b"](torch.zeros(1, 1, 1))
    assert float(tap["b"]) == 0.5


def test_a_suffix_matches_whole_names_only(model):
    with pytest.raises(ValueError, match="No module"):
        FeatureTap(model, ["ayers.1"])


def test_an_ambiguous_suffix_lists_the_candidates(model):
    with pytest.raises(ValueError, match=r"language_model\.layers\.0, vision\.layers\.0"):
        FeatureTap(model, ["layers.0"])


@pytest.mark.parametrize(
    ("path", "nearest"),
    [
        ("language_model.layer.1", r"language_model\.layers\.1"),
        ("language_model.layers.7", r"language_model\.layers\.\d"),
        ("layer.1", r"language_model\.layers\.1"),
    ],
)
def test_an_unknown_path_names_the_nearest(model, path, nearest):
    with pytest.raises(ValueError, match=rf"No module at `{path}`\. Did you mean `{nearest}`"):
        FeatureTap(model, [path])


def test_hooks_are_gone_on_exit(model):
    with FeatureTap(model, ["layers.1"]):
        assert hooks(model) == 1
    assert hooks(model) == 0


def test_hooks_are_gone_after_an_error(model):
    with pytest.raises(RuntimeError), FeatureTap(model, ["layers.1"]):
        model(torch.randn(2, 3, 5))
    assert hooks(model) == 0


def test_a_module_that_did_not_run_is_named(model):
    with FeatureTap(model, ["vision.layers.0"]) as tap:
        model(torch.randn(2, 3, 4))
    with pytest.raises(KeyError, match=r"vision\.layers\.0"):
        tap["vision.layers.0"]
    with pytest.raises(KeyError, match="not tapped"):
        tap["language_model"]


def test_entering_again_forgets(model):
    tap = FeatureTap(model, ["layers.1"])
    with tap:
        model(torch.randn(2, 3, 4))
    with tap:
        pass
    with pytest.raises(KeyError, match="has not run"):
        tap["layers.1"]


def test_an_output_without_tensor_is_refused():
    class Words(nn.Module):
        def forward(self, x):
            return "words"

    model = nn.Sequential(Words())
    with pytest.raises(TypeError, match="str"), FeatureTap(model, ["0"]):
        model(torch.zeros(1))
    assert hooks(model) == 0
