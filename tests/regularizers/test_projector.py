import pytest
import torch

from vlareg.regularizers import FrozenMLPProjector, MLPProjector


def test_the_default_is_that_of_rs_cl():
    shapes = [tuple(p.shape) for p in MLPProjector(64).parameters()]
    assert shapes == [(2048, 64), (2048,), (128, 2048), (128,)]


def test_any_number_of_layers():
    projector = MLPProjector(8, out_dim=4, hidden_dim=6, layers=1, layer_norm=True)
    assert [type(module).__name__ for module in projector.layers] == ["LayerNorm", "Linear"]
    assert projector(torch.randn(2, 3, 8)).shape == (2, 3, 4)


def test_hidden_states_of_half_precision_are_taken():
    assert MLPProjector(8, hidden_dim=16)(torch.randn(2, 8).bfloat16()).dtype == torch.float32


def test_frozen_projectors_are_equal_whatever_the_global_seed():
    torch.manual_seed(1)
    first = FrozenMLPProjector(8, 4, hidden_dim=16)
    torch.manual_seed(2)
    state = torch.get_rng_state()
    second = FrozenMLPProjector(8, 4, hidden_dim=16)
    assert torch.equal(torch.get_rng_state(), state)
    for a, b in zip(first.state_dict().values(), second.state_dict().values(), strict=True):
        assert torch.equal(a, b)
    other = FrozenMLPProjector(8, 4, hidden_dim=16, seed=1)
    assert not torch.equal(other(torch.ones(1, 8)), first(torch.ones(1, 8)))


def test_a_frozen_projector_is_saved_passes_gradients_and_gets_none():
    projector = FrozenMLPProjector(8, 4, hidden_dim=16)
    features = torch.randn(3, 8, requires_grad=True)
    projector.train()(features).square().sum().backward()
    assert features.grad.abs().sum() > 0
    assert len(projector.state_dict()) == 8
    assert all(p.grad is None and not p.requires_grad for p in projector.parameters())


@pytest.mark.parametrize("name", ["in_dim", "out_dim", "hidden_dim", "layers"])
def test_sizes_must_be_positive(name):
    with pytest.raises(ValueError, match=f"`{name}` must be > 0, but got 0"):
        MLPProjector(**{"in_dim": 4, name: 0})
