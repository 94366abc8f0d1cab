"""What all projectors have in common, and the two perceptrons."""

import pytest
import torch
from jsonargparse import ArgumentParser
from torch import nn

from tests.regularizers.projectors import FROZEN, PROJECTORS, TRAINABLE, in_numpy
from vlareg.regularizers import MLPProjector

EVERY = pytest.mark.parametrize("name", PROJECTORS)


def features(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@EVERY
@pytest.mark.parametrize("dims", [(8, 4), (4, 8)])
def test_equals_numpy_in_eval_mode(name, dims):
    torch.manual_seed(0)
    projector = PROJECTORS[name](*dims)
    with torch.no_grad():
        for parameter in projector.parameters():
            if parameter.requires_grad:
                parameter.add_(torch.randn_like(parameter))
    projector(features(64, 5, dims[0], seed=1) * 3 + 2)
    x = features(6, 5, dims[0])
    expected = in_numpy(projector.eval(), x.double().numpy())
    torch.testing.assert_close(projector(x).detach().double().numpy(), expected, atol=1e-5, rtol=1e-5)


@EVERY
def test_hidden_states_of_any_shape_and_type_are_taken(name):
    projector = PROJECTORS[name](8, 4)
    assert projector(features(2, 3, 5, 8).bfloat16()).shape == (2, 3, 5, 4)
    assert projector(features(3, 8).bfloat16()).dtype == torch.float32


@EVERY
def test_under_autocast_it_runs_and_passes_gradients(name):
    projector, x = PROJECTORS[name](8, 4), features(2, 5, 8).requires_grad_()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        projected = projector(x)
    projected.float().square().sum().backward()
    assert x.grad.abs().sum() > 0
    assert x.grad.isfinite().all()


@EVERY
def test_a_configuration_needs_its_name_and_two_widths(name):
    parser = ArgumentParser()
    parser.add_argument("--projector", type=nn.Module)
    kind = type(PROJECTORS[name](8, 4))
    described = {"class_path": f"vlareg.regularizers.{kind.__name__}", "init_args": {"in_dim": 8, "out_dim": 4}}
    made = parser.instantiate(parser.parse_object({"projector": described})).projector
    assert isinstance(made, kind)
    assert (made.in_dim, made.out_dim) == (8, 4)


@EVERY
def test_bad_sizes_and_another_width_are_named(name):
    with pytest.raises(ValueError, match="`in_dim` must be > 0, but got 0"):
        PROJECTORS[name](0, 4)
    with pytest.raises(ValueError, match="`out_dim` must be > 0, but got -1"):
        PROJECTORS[name](8, -1)
    with pytest.raises(ValueError, match=r"must be `in_dim` = 8 wide, but are \[2, 5, 7\]"):
        PROJECTORS[name](8, 4)(features(2, 5, 7))


@pytest.mark.parametrize("name", ["hidden_dim", "layers"])
def test_sizes_of_a_perceptron_must_be_positive(name):
    with pytest.raises(ValueError, match=f"`{name}` must be > 0, but got 0"):
        MLPProjector(4, **{name: 0})


@pytest.mark.parametrize("name", FROZEN)
def test_a_frozen_one_is_equal_whatever_the_global_seed_and_leaves_it_alone(name, monkeypatch):
    torch.manual_seed(1)
    first = FROZEN[name](8, 4)
    torch.manual_seed(2)
    state = torch.get_rng_state()
    # What `torch.manual_seed` would do to accelerators, whose states nobody restores.
    monkeypatch.setattr(torch.cuda, "manual_seed_all", lambda seed: pytest.fail("seeds the accelerators"))
    second = FROZEN[name](8, 4)
    assert torch.equal(torch.get_rng_state(), state)
    for a, b in zip(first.state_dict().values(), second.state_dict().values(), strict=True):
        assert torch.equal(a, b)
    assert not torch.equal(FROZEN[name](8, 4, seed=1)(torch.eye(8)), first(torch.eye(8)))


@pytest.mark.parametrize("name", FROZEN)
def test_a_frozen_one_passes_gradients_and_gets_none(name):
    projector, x = FROZEN[name](8, 4), features(3, 8).requires_grad_()
    before = {key: value.clone() for key, value in projector.state_dict().items()}
    projector.train()(x).square().sum().backward()
    assert x.grad.abs().sum() > 0
    assert all(p.grad is None and not p.requires_grad for p in projector.parameters())
    assert all(torch.equal(value, before[key]) for key, value in projector.state_dict().items())


@pytest.mark.parametrize("name", TRAINABLE)
def test_all_of_a_trainable_one_learns(name):
    projector = TRAINABLE[name](8, 4)
    projector(features(3, 5, 8)).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in projector.parameters())


def test_the_default_is_that_of_rs_cl():
    shapes = [tuple(p.shape) for p in MLPProjector(64).parameters()]
    assert shapes == [(2048, 64), (2048,), (128, 2048), (128,)]


def test_any_number_of_layers():
    projector = MLPProjector(8, out_dim=4, hidden_dim=6, layers=1, layer_norm=True)
    assert [type(module).__name__ for module in projector.layers] == ["LayerNorm", "Linear"]
    assert projector(torch.randn(2, 3, 8)).shape == (2, 3, 4)
