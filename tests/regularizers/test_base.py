import pytest
import torch

from tests.regularizers.toy import DIM, LAYERS, ToyPolicy, make_batch
from vlareg.regularizers import Constant, Regularizer, RegularizerOutput


class SumOfSquares(Regularizer):
    def regularize(self, batch, features):
        loss = sum(tokens.square().mean() for tokens in features.values())
        return RegularizerOutput(loss, {"layers": torch.tensor(len(features))})


@pytest.fixture
def policy():
    torch.manual_seed(0)
    return ToyPolicy()


def make(*layers):
    return SumOfSquares(layers, Constant(0.5), "squares")


def test_a_bare_loop(policy):
    batch, regularizer = make_batch(), make(f"{LAYERS}.0", f"{LAYERS}.2")
    with regularizer.watch(policy):
        out = policy(**batch.model_inputs())
    result = regularizer(batch)
    (out.square().mean() + regularizer.weight(0, 10) * result.loss).backward()
    assert int(result.logs["layers"]) == 2
    assert policy.vision.weight.grad.abs().sum() > 0
    assert policy.calls == 1


def test_hooks_are_gone_after_the_pass_and_after_an_error(policy):
    regularizer = make(f"{LAYERS}.0")
    with regularizer.watch(policy):
        policy(**make_batch().model_inputs())
    with pytest.raises(RuntimeError, match="broken"), regularizer.watch(policy):
        raise RuntimeError("broken")
    assert not any(module._forward_hooks for module in policy.modules())
    with pytest.raises(RuntimeError, match="has read nothing"):
        regularizer(make_batch())


def test_what_was_read_serves_one_call_only(policy):
    batch, regularizer = make_batch(), make(f"{LAYERS}.0")
    with regularizer.watch(policy):
        policy(**batch.model_inputs())
    regularizer(batch)
    with pytest.raises(RuntimeError, match="`squares` has read nothing"):
        regularizer(batch)


def test_states_of_another_sequence_are_refused(policy):
    regularizer = make(f"{LAYERS}.0")
    with regularizer.watch(policy):
        policy(**make_batch(size=4).model_inputs())
    with pytest.raises(ValueError, match=rf"is \[4, 16, {DIM}\], but .* is \[8, 16\]"):
        regularizer(make_batch(size=8))


def test_an_unknown_layer_names_the_nearest(policy):
    with pytest.raises(ValueError, match="Did you mean"), make("language_model.layers.0").watch(policy):
        pass


def test_a_layer_that_did_not_run_is_an_error(policy):
    with pytest.raises(KeyError, match="has not run"), make(f"{LAYERS}.0").watch(policy):
        pass


@pytest.mark.parametrize("layers", [(), ("a", "a"), "a"])
def test_layers_must_be_a_list_of_different_paths(layers):
    with pytest.raises(ValueError, match="`layers`"):
        SumOfSquares(layers, Constant(), "squares")
