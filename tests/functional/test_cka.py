import numpy as np
import pytest
import torch

from tests.functional.spaces import BAD_PAIRS, PUBLISHED, noisy_pair, normal, published
from vlareg.functional import ACTIONS, FEATURES, cka, neighbours, unbiased_cka


def dense_cka(x, y, kernel, sigma, unbiased):
    """The definition with N x N matrices in float64."""

    def gram(v):
        v = v.double().numpy()
        distance = np.linalg.norm(v[:, None] - v[None], axis=-1)
        width = np.median(distance[np.triu_indices(len(v), 1)]) if sigma == "median" else sigma
        return v @ v.T if kernel == "linear" else np.exp(-(distance**2) / (2 * width**2))

    def hsic(a, b):
        n = len(a)
        if not unbiased:
            h = np.eye(n) - 1 / n
            return np.trace(a @ h @ b @ h)
        a, b = a - np.diag(np.diag(a)), b - np.diag(np.diag(b))
        return (np.trace(a @ b) + a.sum() * b.sum() / (n - 1) / (n - 2) - 2 / (n - 2) * (a @ b).sum()) / n / (n - 3)

    k, m = gram(x), gram(y)
    return hsic(k, m) / np.sqrt(hsic(k, k) * hsic(m, m))


@pytest.mark.parametrize("kind", ["raw", "l2"])
def test_meets_the_published_implementation(kind):
    x, y = published(kind)
    assert float(cka(x, y)) == pytest.approx(PUBLISHED[f"{kind}/cka/linear"], abs=1e-5)
    assert float(unbiased_cka(x, y)) == pytest.approx(PUBLISHED[f"{kind}/unbiased_cka/linear"], abs=1e-5)
    assert float(cka(x, y, "rbf", 1.0)) == pytest.approx(PUBLISHED[f"{kind}/cka/rbf/sigma1.0"], abs=1e-5)


@pytest.mark.parametrize(("function", "unbiased"), [(cka, False), (unbiased_cka, True)])
@pytest.mark.parametrize(("kernel", "sigma"), [("linear", 1.0), ("rbf", 0.5), ("rbf", 100.0), ("rbf", "median")])
def test_equals_the_dense_formula_in_any_blocks(function, unbiased, kernel, sigma, monkeypatch):
    x, y = noisy_pair(samples=83)
    expected = dense_cka(x, y, kernel, sigma, unbiased)
    for elements in (4_000_000, 83 * 2 * 7, 1):
        monkeypatch.setattr(neighbours, "BLOCK_ELEMENTS", elements)
        # The median of an even number of distances is the lower one, as `torch.median` has it.
        assert float(function(x, y, kernel, sigma)) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("function", [cka, unbiased_cka])
@pytest.mark.parametrize(("kernel", "sigma"), [("linear", 1.0), ("rbf", "median")])
@pytest.mark.parametrize(("scale", "offset"), [(1, 0), (1, 10), (1, 30), (1, 1000), (1e-6, 0), (1e4, 0)])
def test_a_space_is_aligned_with_itself(function, kernel, sigma, scale, offset):
    x = scale * normal(0, 120, 16) + offset  # mean cosine up to .999999
    assert float(function(x, x, kernel, sigma)) == pytest.approx(1, abs=1e-3)


def test_width_alone_aligns_independent_data_unless_unbiased():
    biased, unbiased = [], []
    for seed in range(10):
        x, y = normal(seed, 128, 512), normal(seed + 99, 128, 512)
        biased.append(float(cka(x, y)))
        unbiased.append(float(unbiased_cka(x, y)))
    assert np.mean(biased) > 0.7
    assert np.mean(unbiased) == pytest.approx(0, abs=3 * np.std(unbiased) / np.sqrt(10))


def test_units_count_only_through_the_space():
    x, y = noisy_pair()
    scaled = y * torch.tensor([100.0, 1, 1, 1, 1, 1])
    assert float(cka(x, scaled)) != pytest.approx(float(cka(x, y)), abs=1e-3)
    torch.testing.assert_close(cka(x, scaled, space=(FEATURES, ACTIONS)), cka(x, y, space=(FEATURES, ACTIONS)))


@pytest.mark.parametrize("function", [cka, unbiased_cka])
@pytest.mark.parametrize("kernel", ["linear", "rbf"])
def test_autocast_and_half_precision_change_little(function, kernel):
    x, y = (side + 10 for side in noisy_pair())
    expected = function(x.bfloat16().double(), y.bfloat16().double(), kernel)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        score = function(x.bfloat16(), y.bfloat16().requires_grad_(), kernel)
    torch.testing.assert_close(score, expected, atol=1e-4, rtol=0)
    assert score.shape == ()
    assert not score.requires_grad


@pytest.mark.parametrize("function", [cka, unbiased_cka])
@pytest.mark.parametrize(("x", "y", "message"), BAD_PAIRS)
def test_bad_input_never_gets_a_score(function, x, y, message):
    with pytest.raises(ValueError, match=message):
        function(x, y)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kernel": "gauss"}, "`kernel` must be"),
        ({"kernel": "rbf", "sigma": 0.0}, "`sigma` must be > 0"),
        ({"kernel": "rbf", "sigma": float("nan")}, "`sigma` must be > 0"),
        ({"kernel": "rbf", "sigma": "mean"}, "`sigma` must be > 0 or 'median'"),
    ],
)
def test_unknown_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        cka(normal(0, 20, 3), normal(1, 20, 3), **options)


def test_the_unbiased_estimate_needs_four_samples():
    with pytest.raises(ValueError, match="at least 4 samples"):
        unbiased_cka(normal(0, 3, 3), normal(1, 3, 3))
