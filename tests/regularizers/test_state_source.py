import dataclasses

import pytest
import torch
import torch.distributed as dist

from tests.regularizers.toy import make_batch
from tests.two_ranks import on_two_ranks
from vlareg.regularizers import ActionState, JointState, RobotState

SOURCES = [RobotState, JointState, ActionState]
SIZES = {RobotState: 8, JointState: 7, ActionState: 7}


def values(kind, samples=20, seed=0):
    return torch.rand(samples, SIZES[kind], generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("kind", SOURCES)
def test_unfitted_std_is_that_of_the_batch(kind):
    state = kind()(values(kind))
    torch.testing.assert_close(state.mean(dim=0), torch.zeros(state.shape[1]), atol=1e-5, rtol=0)
    torch.testing.assert_close(state.std(dim=0, correction=0), torch.ones(state.shape[1]), atol=1e-4, rtol=0)


@pytest.mark.parametrize("kind", SOURCES)
def test_fitted_std_is_that_of_the_data_set(kind):
    source, data = kind(), values(kind, 100, seed=1)
    source.fit(data)
    raw = source.vectors(data)
    batch = values(kind)
    expected = (source.vectors(batch) - raw.mean(dim=0)) / raw.std(dim=0, correction=0)
    torch.testing.assert_close(source(batch), expected)
    torch.testing.assert_close(source(batch[:1]), expected[:1])


@pytest.mark.parametrize("kind", SOURCES)
def test_minmax_fills_the_range_over_the_data_set(kind):
    source, data = kind(scaling="minmax"), values(kind, 100, seed=1)
    source.fit(data)
    state = source(data)
    torch.testing.assert_close(state.amin(dim=0), -torch.ones(state.shape[1]))
    torch.testing.assert_close(state.amax(dim=0), torch.ones(state.shape[1]))


@pytest.mark.parametrize("kind", SOURCES)
def test_none_leaves_the_vectors_as_they_are(kind):
    source = kind(scaling="none")
    source.fit(values(kind, 100, seed=1))
    assert torch.equal(source(values(kind)), source.vectors(values(kind)))


def test_the_scale_is_in_the_checkpoint():
    source, resumed = JointState(), JointState()
    source.fit(values(JointState, 100, seed=1))
    resumed.load_state_dict(source.state_dict())
    assert torch.equal(resumed(values(JointState)), source(values(JointState)))


def test_several_actions_share_one_scale_and_stand_side_by_side():
    source = ActionState()
    source.fit(values(ActionState, 100, seed=1))
    chunk = torch.stack([values(ActionState), values(ActionState, seed=2)], dim=1)
    assert torch.equal(source(chunk), torch.cat([source(chunk[:, 0]), source(chunk[:, 1])], dim=1))


def test_batches_are_read_by_name():
    batch = dataclasses.replace(make_batch(), joints=torch.rand(8, 7))
    assert torch.equal(RobotState().read(batch), RobotState()(batch.proprio))
    assert torch.equal(JointState().read(batch), JointState()(batch.joints))
    assert torch.equal(ActionState().read(batch), ActionState()(batch.actions))


def test_a_missing_quantity_is_named():
    with pytest.raises(ValueError, match=r"`batch\.joints` is missing, which JointState reads"):
        JointState().read(make_batch())


@pytest.mark.parametrize("kind", SOURCES)
def test_another_size_is_refused(kind):
    with pytest.raises(ValueError, match=f"`{kind.quantity}` must"):
        kind()(torch.zeros(4, 5))


@pytest.mark.parametrize("kind", SOURCES)
def test_an_unknown_scaling_is_refused(kind):
    with pytest.raises(ValueError, match=r"`scaling` must be one of \('std', 'minmax', 'none'\)"):
        kind(scaling="max")


def test_sizes_are_checked():
    with pytest.raises(ValueError, match="`joints` must be > 0"):
        JointState(joints=0)
    with pytest.raises(ValueError, match="`action_dim` must be > 0"):
        ActionState(action_dim=0)


def shares():
    own = slice(0, 5) if dist.get_rank() == 0 else slice(5, None)
    return [kind(scaling=scaling)(values(kind)[own]) for kind in SOURCES for scaling in ("std", "minmax")]


def test_an_unfitted_scale_is_that_of_all_ranks():
    whole = [kind(scaling=scaling)(values(kind)) for kind in SOURCES for scaling in ("std", "minmax")]
    for parts in zip(*on_two_ranks(shares), whole, strict=True):
        torch.testing.assert_close(torch.cat(parts[:2]), parts[2])
