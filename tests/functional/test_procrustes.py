import pytest
import scipy.spatial
import torch

from tests.functional.spaces import BAD_PAIRS, noisy_pair, normal
from vlareg.functional import ACTIONS, procrustes
from vlareg.functional.procrustes import fit_procrustes

EPISODES = torch.arange(120) // 6


def padded(x, width):
    return torch.nn.functional.pad(x, (0, width - x.shape[1])).numpy()


@pytest.mark.parametrize(("dim_x", "dim_y"), [(6, 6), (16, 6), (6, 16), (200, 6), (150, 130)])
def test_in_sample_it_is_scipys_disparity_of_spaces_padded_with_zeros(dim_x, dim_y):
    y, x = noisy_pair(dim_x=max(dim_x, dim_y), dim_y=min(dim_x, dim_y))
    x, y = (x, y) if dim_x < dim_y else (y, x)
    width = max(dim_x, dim_y)
    expected = scipy.spatial.procrustes(padded(x, width), padded(y, width))[2]
    assert float(procrustes(x, y, fit="in_sample")) == pytest.approx(expected, abs=1e-5)


def test_held_out_it_is_the_error_of_maps_fitted_on_other_episodes():
    x, y = (side.double() for side in noisy_pair(dim_x=9))
    error = total = 0
    for part in range(4):
        held = part == EPISODES % 4
        fitted = fit_procrustes(x[~held], y[~held])
        moved = fitted(x[held])
        missed = fitted.scale * (x[held] - fitted.mean_x)
        outside = missed.square().sum() - (moved - fitted.mean_y).square().sum()
        error += (y[held] - moved).square().sum() + outside
        total += (y[held] - y[~held].mean(0)).square().sum()
    assert float(procrustes(x, y, groups=EPISODES, folds=4)) == pytest.approx(float(error / total), abs=1e-6)


@pytest.mark.parametrize("fit", ["held_out", "in_sample"])
@pytest.mark.parametrize(("scale", "offset"), [(1, 0), (1, 30), (1e-5, 0)])
def test_a_rotated_scaled_and_moved_space_is_equal(fit, scale, offset):
    x = normal(0, 120, 8)
    rotation = torch.linalg.qr(normal(1, 8, 8))[0]
    assert float(procrustes(x + offset, scale * x @ rotation + 5, groups=EPISODES, fit=fit)) < 1e-3


def test_dimensions_alone_bring_independent_data_together_unless_it_is_held_out():
    x, y = normal(0, 120, 100), normal(1, 120, 100)
    assert float(procrustes(x, y, fit="in_sample")) < 0.6
    assert float(procrustes(x, y, groups=EPISODES)) > 1


def test_directions_that_the_fit_has_not_seen_are_left_out():
    x, y = normal(0, 20, 50), normal(1, 20, 40)
    fitted = fit_procrustes(x, y)
    singular = torch.linalg.svdvals(fitted.rotation)
    torch.testing.assert_close(singular[:19], torch.ones(19), atol=1e-4, rtol=0)
    assert (singular[19:] < 1e-4).all()


def test_each_side_has_its_space():
    x, y = noisy_pair()
    scaled = y * torch.tensor([100.0, 1, 1, 1, 1, 1])
    placed = procrustes(x, scaled, groups=EPISODES, space=ACTIONS)
    torch.testing.assert_close(placed, procrustes(x, y, groups=EPISODES, space=ACTIONS))


def failing(*args, **kwargs):
    raise torch._C._LinAlgError("did not converge")


def not_finite(x, **kwargs):
    width = min(x.shape)
    return torch.full((len(x), width), torch.nan), torch.ones(width), torch.ones(width, x.shape[1])


@pytest.mark.parametrize(("svd", "message"), [(failing, "did not converge"), (not_finite, "not finite")])
@pytest.mark.parametrize("fit", ["held_out", "in_sample"])
def test_a_failed_decomposition_is_no_score(svd, message, fit, monkeypatch):
    monkeypatch.setattr(torch.linalg, "svd", svd)
    with pytest.raises(RuntimeError, match=message):
        procrustes(*noisy_pair(), groups=EPISODES, fit=fit)


@pytest.mark.parametrize(("x", "y", "message"), BAD_PAIRS)
def test_bad_input_never_gets_a_score(x, y, message):
    with pytest.raises(ValueError, match=message):
        procrustes(x, y, fit="in_sample")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"groups": None}, "`groups` must be given"),
        ({"fit": "insample"}, "`fit` must be"),
        ({"groups": torch.zeros(120).long()}, "`folds` must be in 2..1"),
        ({"folds": 21}, "`folds` must be in 2..20"),
        ({"groups": EPISODES[:100]}, "`groups` must be one integer per sample"),
    ],
)
def test_without_other_episodes_there_is_no_held_out_score(options, message):
    with pytest.raises(ValueError, match=message):
        procrustes(*noisy_pair(), **{"groups": EPISODES, **options})
