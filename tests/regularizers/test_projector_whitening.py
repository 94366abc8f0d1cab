import numpy as np
import pytest
import torch

from tests.two_ranks import on_two_ranks
from vlareg.distributed import rank
from vlareg.regularizers import WhiteningProjector

DIM = 6


def correlated(count, seed=0):
    """Features of very different scales, far from 0."""
    generator = torch.Generator().manual_seed(seed)
    mixing = torch.randn(DIM, DIM, generator=generator) * torch.logspace(-2, 2, DIM)
    return torch.randn(count, DIM, generator=generator) @ mixing + 50 * torch.randn(DIM, generator=generator)


def make(**options):
    torch.manual_seed(0)
    return WhiteningProjector(DIM, 4, **options)


def test_at_first_the_statistics_are_those_of_all_patches_seen():
    projector, batches = make(momentum=0.1), correlated(60).view(3, 4, 5, DIM)
    for batch in batches:
        projector(batch)
    rows = batches.double().flatten(0, -2).numpy()
    np.testing.assert_allclose(projector.mean.numpy(), rows.mean(axis=0), rtol=1e-5)
    expected = np.cov(rows.T, bias=True)
    np.testing.assert_allclose(projector.covariance.numpy(), expected, atol=1e-5 * np.abs(expected).max())


def test_later_the_newest_call_has_the_share_of_the_momentum():
    projector, (first, second) = make(momentum=1.0), correlated(40).view(2, 20, DIM)
    projector(first)
    projector(second)
    torch.testing.assert_close(projector.mean, second.mean(dim=0))
    torch.testing.assert_close(projector.covariance, second.T.cov(correction=0), rtol=1e-4, atol=1e-3)


def test_whitened_features_have_no_mean_and_the_identity_as_covariance():
    projector, x = make(eps=1e-6), correlated(4000).double()
    projector.double()(x)
    whitened = projector.whiten(x)
    torch.testing.assert_close(whitened.mean(dim=0), torch.zeros(DIM).double(), atol=1e-6, rtol=0)
    torch.testing.assert_close(whitened.T.cov(correction=0), torch.eye(DIM).double(), atol=1e-2, rtol=0)


def test_eps_bounds_what_noise_is_raised_to():
    """A direction with nearly no variance would be blown up; its share stays variance / (variance + eps)."""
    x = torch.randn(5000, 1, generator=torch.Generator().manual_seed(0)).expand(-1, 2).double()
    projector = WhiteningProjector(2, 2, eps=0.01).double()
    projector(x)
    spread = torch.linalg.eigvalsh(projector.whiten(x).T.cov(correction=0))
    # The standardised channels are one and the same: their directions have the variances 2 and 0.
    torch.testing.assert_close(spread, torch.tensor([0, 2 / 2.01]).double(), atol=1e-5, rtol=0)


def test_a_constant_channel_stays_finite():
    x = torch.cat([correlated(30), torch.full((30, 1), 3.0)], dim=1)
    projector = WhiteningProjector(DIM + 1, 4)
    assert projector(x).isfinite().all()
    assert projector.eval()(x + 1).isfinite().all()


def test_eval_mode_uses_the_statistics_and_changes_none():
    projector, x = make(), correlated(40)
    trained = projector(x)
    before = {name: value.clone() for name, value in projector.state_dict().items()}
    torch.testing.assert_close(projector.eval()(x), trained)
    projector(correlated(40, seed=1))
    assert all(torch.equal(value, before[name]) for name, value in projector.state_dict().items())


def test_before_the_first_update_features_pass_as_they_are():
    projector, x = make().eval(), correlated(5)
    assert torch.equal(projector(x), projector.linear(x))


def test_no_gradient_flows_through_the_statistics():
    projector, x = make(), correlated(40).requires_grad_()
    projector(x).sum().backward()
    # Each patch gets the same gradient, that of an affine map: a mean over the batch would subtract it again.
    torch.testing.assert_close(x.grad, x.grad[:1].expand_as(x.grad))
    assert x.grad.abs().sum() > 0


def test_autocast_does_not_touch_the_statistics():
    x, expected, projector = correlated(40), make(), make()
    expected(x)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        projector(x)
    assert torch.equal(projector.covariance, expected.covariance)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(projector.whiten(x), expected.whiten(x))


def of_unequal_ranks():
    projector = make()
    for batch in correlated(60).view(2, 30, DIM):
        projector(batch[:10] if rank() == 0 else batch[10:])
    return {name: getattr(projector, name) for name in ("mean", "covariance", "updates")}


def test_ranks_share_the_statistics_of_all_their_patches():
    expected = make()
    for batch in correlated(60).view(2, 30, DIM):
        expected(batch)
    for result in on_two_ranks(of_unequal_ranks):
        torch.testing.assert_close(result["mean"], expected.mean)
        torch.testing.assert_close(result["covariance"], expected.covariance)
        assert result["updates"] == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"momentum": 0.0}, r"`momentum` must be in \(0, 1\], but got 0\.0"),
        ({"momentum": 1.5}, r"`momentum` must be in \(0, 1\], but got 1\.5"),
        ({"eps": 0.0}, r"`eps` must be > 0, but got 0\.0"),
    ],
)
def test_bad_arguments_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        make(**options)
