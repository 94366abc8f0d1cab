import numpy as np
import pytest
import torch

from tests.functional.spaces import BAD_PAIRS, PUBLISHED, noisy_pair, normal, published
from vlareg.functional import Space, svcca


def numpy_correlations(x, y, dim):
    def directions(v):
        v = v.double().numpy()
        return np.linalg.svd(v - v.mean(0), full_matrices=False)[0][:, :dim]

    return np.linalg.svd(directions(x).T @ directions(y))[1]


@pytest.mark.parametrize("kind", ["raw", "l2"])
def test_is_near_the_published_implementation_which_is_random(kind):
    expected = PUBLISHED[f"{kind}/svcca/dim5 (stochastic: about)"]
    assert float(svcca(*published(kind), 5)) == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize("samples", [200, 30])  # more and fewer than dimensions
def test_equals_its_definition(samples):
    x, y = noisy_pair(samples=samples, dim_x=60, dim_y=40)
    correlations = numpy_correlations(x, y, 6)
    assert float(svcca(x, y, 6)) == pytest.approx((correlations**2).mean(), abs=1e-6)
    assert float(svcca(x, y, 6, summary="mean")) == pytest.approx(correlations.mean(), abs=1e-6)


@pytest.mark.parametrize("summary", ["squared", "mean"])
@pytest.mark.parametrize("offset", [0.0, 30.0])
def test_a_space_is_aligned_with_itself_and_its_linear_images(summary, offset):
    x = normal(0, 200, 16) + offset
    assert float(svcca(x, x, summary=summary)) == pytest.approx(1, abs=1e-3)
    assert float(svcca(x, x @ normal(1, 16, 16), 16, summary=summary)) == pytest.approx(1, abs=1e-3)
    assert torch.equal(svcca(x, x[:, :9]), svcca(x, x[:, :9]))


def test_independent_data_is_at_the_larger_number_of_directions_per_sample():
    scores = [float(svcca(normal(s, 200, 16), normal(s + 99, 200, 4))) for s in range(50)]
    assert np.mean(scores) == pytest.approx(10 / 199, abs=3 * np.std(scores) / np.sqrt(50))


def test_directions_in_which_nothing_varies_are_not_compared():
    x = normal(0, 100, 3)
    flat = torch.cat([x, torch.ones(100, 5)], dim=1)
    assert float(svcca(flat, x, 8)) == pytest.approx(1, abs=1e-6)


def test_units_count_only_without_standardising():
    x, y = noisy_pair(samples=200)
    scaled = y * torch.tensor([100.0, 1, 1, 1, 1, 1])
    standardised = (Space(), Space("euclidean", "standardise"))
    assert float(svcca(x, scaled, 2)) != pytest.approx(float(svcca(x, y, 2)), abs=1e-3)
    torch.testing.assert_close(svcca(x, scaled, 2, space=standardised), svcca(x, y, 2, space=standardised))


def test_autocast_changes_nothing():
    x, y = noisy_pair()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(svcca(x, y), svcca(x, y))
        score = svcca(x, y)
    assert torch.equal(score, svcca(x, y))


@pytest.mark.parametrize(("x", "y", "message"), BAD_PAIRS)
def test_bad_input_never_gets_a_score(x, y, message):
    with pytest.raises(ValueError, match=message):
        svcca(x, y, 2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dim": 0}, "`dim` must be >= 1"),
        ({"summary": "max"}, "`summary`"),
        ({"dim": 10}, "20 samples for 10 \\+ 10"),
    ],
)
def test_what_has_no_score_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        svcca(normal(0, 20, 12), normal(1, 20, 12), **options)
