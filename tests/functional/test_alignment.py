import json
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from vlareg.functional import cknna, mutual_knn

FIXTURES = Path(__file__).parents[1] / "fixtures"
# Values of the platonic-rep implementation (github.com/minyoungg/platonic-rep) on random features.
PUBLISHED = json.loads((FIXTURES / "alignment_metrics.json").read_text())


@pytest.fixture(scope="module")
def published():
    arrays = np.load(FIXTURES / "alignment_metrics.npz")
    raw = [torch.from_numpy(arrays[name]) for name in ("A", "B")]
    return {"raw": raw, "l2": [F.normalize(x) for x in raw]}


def episodes(seed, count=20, length=50, dim=8, phi=0.9):
    """Two independent AR(1) series per episode."""
    random = np.random.default_rng(seed)
    series = random.standard_normal((count, length, dim))
    for t in range(1, length):
        series[:, t] = phi * series[:, t - 1] + np.sqrt(1 - phi**2) * series[:, t]
    return torch.from_numpy(series.reshape(-1, dim))


def dense_cknna(x, y, k, unbiased, groups=None):
    x, y = x.double().numpy(), y.double().numpy()
    n, forbidden = len(x), np.eye(len(x), dtype=bool) if unbiased else np.zeros((len(x), len(x)), dtype=bool)
    if groups is not None:
        forbidden = groups.numpy()[:, None] == groups.numpy()[None]

    def mask(gram):
        nearest = np.argsort(-np.where(forbidden, -np.inf, gram), axis=1)[:, :k]
        result = np.zeros_like(gram)
        np.put_along_axis(result, nearest, 1.0, axis=1)
        return result

    def hsic(a, b):
        if not unbiased:
            h = np.eye(n) - 1 / n
            return np.trace(a @ h @ b @ h)
        a, b = a - np.diag(np.diag(a)), b - np.diag(np.diag(b))
        return (np.trace(a @ b) + a.sum() * b.sum() / (n - 1) / (n - 2) - 2 / (n - 2) * (a @ b).sum()) / n / (n - 3)

    grams = x @ x.T, y @ y.T
    masks = [mask(gram) for gram in grams]

    def score(i, j):
        shared = masks[i] * masks[j]
        return hsic(shared * grams[i], shared * grams[j])

    own = score(0, 0), score(1, 1)
    return score(0, 1) / np.sqrt(own[0] * own[1]) if min(own) > 0 else np.nan


@pytest.mark.parametrize("kind", ["raw", "l2"])
@pytest.mark.parametrize("k", [1, 5, 10, 50])
def test_mutual_knn_meets_the_published_implementation(published, kind, k):
    assert float(mutual_knn(*published[kind], k)) == pytest.approx(PUBLISHED[f"{kind}/mutual_knn/k{k}"], abs=1e-6)


@pytest.mark.parametrize("kind", ["raw", "l2"])
@pytest.mark.parametrize("k", [5, 10, 50])
@pytest.mark.parametrize("unbiased", [True, False])
def test_cknna_meets_the_published_implementation(published, kind, k, unbiased):
    expected = PUBLISHED[f"{kind}/cknna/k{k}/unbiased={unbiased}"]
    # The published code adds 1e-6 to the denominator, which lowers its unit-norm scores by up to 5e-5.
    assert float(cknna(*published[kind], k, unbiased)) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("unbiased", [True, False])
@pytest.mark.parametrize("offset", [0.0, 3.0])
def test_cknna_equals_the_dense_formula(seed, unbiased, offset):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(60, 5, generator=generator, dtype=torch.float64) + offset
    y = x[:, :3] + torch.randn(60, 3, generator=generator, dtype=torch.float64)
    assert float(cknna(x, y, 7, unbiased)) == pytest.approx(dense_cknna(x, y, 7, unbiased), abs=1e-6, nan_ok=True)


def test_cknna_between_episodes_equals_the_dense_formula():
    x, y, groups = episodes(0, 6, 10, 4), episodes(1, 6, 10, 4), torch.arange(60) // 10
    assert float(cknna(x, y, 8, groups=groups)) == pytest.approx(dense_cknna(x, y, 8, True, groups), abs=1e-6)


@pytest.mark.parametrize("offset", [0.0, 30.0])  # mean cosine .999
def test_a_space_is_aligned_with_itself(offset):
    x = torch.randn(120, 16, generator=torch.Generator().manual_seed(0)) + offset
    assert float(mutual_knn(x, x)) == 1
    assert float(cknna(x, x)) == pytest.approx(1, abs=1e-3)


def test_independent_data_is_at_chance():
    scores = []
    for seed in range(20):
        generator = torch.Generator().manual_seed(seed)
        x, y = torch.randn(200, 8, generator=generator), torch.randn(200, 8, generator=generator)
        scores.append(float(mutual_knn(x, y, distance_x="euclidean", distance_y="euclidean")))
    assert np.mean(scores) == pytest.approx(10 / 199, abs=3 * np.std(scores) / np.sqrt(20))


def test_time_alone_aligns_two_spaces_unless_neighbours_are_from_other_episodes():
    x, y, groups = episodes(0), episodes(1), torch.arange(1000) // 50
    euclidean = {"distance_x": "euclidean", "distance_y": "euclidean"}
    assert float(mutual_knn(x, y, **euclidean)) > 0.2
    assert float(mutual_knn(x, y, groups=groups, **euclidean)) == pytest.approx(10 / 950, abs=0.005)


def test_a_self_similarity_that_is_not_positive_gives_nan():
    found = 0
    for seed in range(200):
        generator = torch.Generator().manual_seed(seed)
        x, y = torch.randn(2, 4, 2, generator=generator, dtype=torch.float64)
        if np.isnan(dense_cknna(x, y, 2, True)):
            found += 1
            assert torch.isnan(cknna(x, y, 2))
    assert found > 0


def test_scores_are_scalars_without_gradient():
    x = torch.randn(40, 4, requires_grad=True)
    for score in (mutual_knn(x, x.detach()), cknna(x, x.detach())):
        assert score.shape == ()
        assert not score.requires_grad


@pytest.mark.parametrize("metric", [mutual_knn, cknna])
@pytest.mark.parametrize(
    ("x", "y", "k", "message"),
    [
        (torch.randn(20, 3), torch.randn(19, 3), 5, "20 and 19"),
        (torch.randn(20, 3), torch.randn(20, 3), 19, "`k`"),
        (torch.randn(20, 3), torch.randn(20, 3), 25, "`k`"),
        (torch.randn(20, 3), torch.full((20, 3), torch.nan), 5, "`y` holds NaN"),
        (torch.randn(20, 3), torch.ones(20, 3), 5, "`y` is constant"),
    ],
)
def test_bad_input_never_gets_a_score(metric, x, y, k, message):
    with pytest.raises(ValueError, match=message):
        metric(x, y, k)


def test_cknna_needs_two_neighbours():
    with pytest.raises(ValueError, match="k = 1"):
        cknna(torch.randn(20, 3), torch.randn(20, 3), 1)
