import numpy as np
import pytest
import torch

from tests.functional.spaces import BAD_PAIRS, PUBLISHED, noisy_pair, normal, published, time_series
from vlareg.functional import ACTIONS, FEATURES, Space, cknna


def dense_cknna(x, y, k, unbiased=True, variant="reference", groups=None, distance="inner"):
    """The definition with N x N matrices in float64."""
    x, y = x.double().numpy(), y.double().numpy()
    n, forbidden = len(x), np.eye(len(x), dtype=bool) if unbiased else np.zeros((len(x), len(x)), dtype=bool)
    if groups is not None:
        forbidden = groups.numpy()[:, None] == groups.numpy()[None]
    if distance == "euclidean":
        x, y = x - x.mean(0), y - y.mean(0)
    if distance == "cosine":
        x, y = (v / np.linalg.norm(v, axis=1, keepdims=True) for v in (x, y))

    def mask(v):
        near = -((v[:, None] - v[None]) ** 2).sum(-1) if distance == "euclidean" else v @ v.T
        nearest = np.argsort(-np.where(forbidden, -np.inf, near), axis=1)[:, :k]
        result = np.zeros_like(near)
        np.put_along_axis(result, nearest, 1.0, axis=1)
        return result

    def hsic(a, b):
        if variant == "paper":
            return (a * b).sum()
        if not unbiased:
            h = np.eye(n) - 1 / n
            return np.trace(a @ h @ b @ h)
        a, b = a - np.diag(np.diag(a)), b - np.diag(np.diag(b))
        return (np.trace(a @ b) + a.sum() * b.sum() / (n - 1) / (n - 2) - 2 / (n - 2) * (a @ b).sum()) / n / (n - 3)

    masks, grams = [mask(x), mask(y)], [x @ x.T, y @ y.T]
    if variant == "paper":
        grams = [gram - gram.mean(1, keepdims=True) for gram in grams]

    def score(i, j):
        shared = masks[i] * masks[j]
        return hsic(shared * grams[i], shared * grams[j])

    own = score(0, 0), score(1, 1)
    return score(0, 1) / np.sqrt(own[0] * own[1]) if min(own) > 0 else np.nan


@pytest.mark.parametrize("kind", ["raw", "l2"])
@pytest.mark.parametrize("k", [5, 10, 50])
@pytest.mark.parametrize("unbiased", [True, False])
def test_meets_the_published_implementation(kind, k, unbiased):
    expected = PUBLISHED[f"{kind}/cknna/k{k}/unbiased={unbiased}"]
    # The published code adds 1e-6 to the denominator, which lowers its unit-norm scores by up to 5e-5.
    assert float(cknna(*published(kind), k, unbiased)) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("unbiased", "variant"), [(True, "reference"), (False, "reference"), (True, "paper")])
@pytest.mark.parametrize("offset", [0.0, 3.0])
def test_equals_the_dense_formula(seed, unbiased, variant, offset):
    x, y = noisy_pair(seed, 60, 5, 3)
    x, y = x.double() + offset, y.double()
    expected = dense_cknna(x, y, 7, unbiased, variant)
    assert float(cknna(x, y, 7, unbiased, variant)) == pytest.approx(expected, abs=1e-6, nan_ok=True)


@pytest.mark.parametrize("variant", ["reference", "paper"])
@pytest.mark.parametrize("distance", ["inner", "cosine", "euclidean"])
def test_between_episodes_in_any_space_equals_the_dense_formula(variant, distance):
    x, y, groups = time_series(0, 6, 10, 4) + 1, time_series(1, 6, 10, 4), torch.arange(60) // 10
    expected = dense_cknna(x, y, 8, variant=variant, groups=groups, distance=distance)
    score = cknna(x, y, 8, variant=variant, groups=groups, space=Space(distance))
    assert float(score) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("variant", ["reference", "paper"])
@pytest.mark.parametrize(("scale", "offset"), [(1, 0), (1, 30), (1, 1000), (1e-5, 0)])  # mean cosine up to .999999
def test_a_space_is_aligned_with_itself(variant, scale, offset):
    x = scale * normal(0, 120, 16) + offset
    assert float(cknna(x, x, variant=variant)) == pytest.approx(1, abs=1e-3)


def test_the_papers_variant_is_symmetric_and_bounded_and_the_codes_is_not():
    pairs = [(normal(s, 6, 2, dtype=torch.float64), normal(s + 500, 6, 2, dtype=torch.float64)) for s in range(200)]
    for x, y in pairs[:20]:
        torch.testing.assert_close(cknna(x, y, 3, variant="paper"), cknna(y, x, 3, variant="paper"))
    assert max(abs(float(cknna(x, y, 3, variant="paper"))) for x, y in pairs) <= 1 + 1e-6
    assert max(float(cknna(x, y, 3)) for x, y in pairs) > 1


@pytest.mark.parametrize("variant", ["reference", "paper"])
def test_independent_data_is_near_zero(variant):
    scores = [float(cknna(normal(s, 300, 8), normal(s + 99, 300, 8), variant=variant)) for s in range(10)]
    assert abs(np.mean(scores)) < 0.05


def test_a_sample_among_its_own_neighbours_is_no_agreement():
    x, y = normal(0, 300, 64), normal(1, 300, 64)
    assert float(cknna(x, y, unbiased=False)) > 0.2 > abs(float(cknna(x, y)))


def test_a_self_similarity_that_is_not_positive_gives_nan():
    found = 0
    for seed in range(200):
        x, y = normal(seed, 2, 4, 2, dtype=torch.float64)
        if np.isnan(dense_cknna(x, y, 2)):
            found += 1
            assert torch.isnan(cknna(x, y, 2))
    assert found > 0


@pytest.mark.parametrize("variant", ["reference", "paper"])
def test_autocast_and_half_precision_change_little(variant):
    x, y = noisy_pair()
    expected = cknna(x.bfloat16().double(), y.bfloat16().double(), variant=variant, space=(FEATURES, ACTIONS))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        score = cknna(x.bfloat16(), y.bfloat16(), variant=variant, space=(FEATURES, ACTIONS))
    torch.testing.assert_close(score, expected, atol=1e-3, rtol=0)
    assert score.shape == ()


@pytest.mark.parametrize(("x", "y", "message"), BAD_PAIRS)
def test_bad_input_never_gets_a_score(x, y, message):
    with pytest.raises(ValueError, match=message):
        cknna(x, y, 5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"k": 1}, "k = 1"),
        ({"k": (5, 1)}, r"k = \(5, 1\)"),
        ({"k": 19}, "`k` must be in"),
        ({"variant": "papr"}, "`variant` must be"),
        ({"variant": "paper", "unbiased": False}, "`unbiased=False` is an option of `variant='reference'`"),
        ({"groups": torch.arange(20), "unbiased": False}, "`include_self`"),
    ],
)
def test_what_has_no_score_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        cknna(normal(0, 20, 3), normal(1, 20, 3), **{"k": 5, **options})
