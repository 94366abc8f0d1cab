import math

import numpy as np
import pytest
import torch

from vlareg.functional import Space, cycle_knn, lcs_knn, mutual_knn, nearest_neighbours
from vlareg.functional.chance import p_value
from vlareg.functional.chance_moments import mutual_knn_chance, mutual_knn_moments
from vlareg.functional.chance_neighbours import PairSearch, score_mutual_knn, score_neighbours
from vlareg.functional.chance_null import mutual_knn_null
from vlareg.functional.chance_scores import Resampling, score_metric
from vlareg.functional.neighbour_lists import common_length, returns, shared_share
from vlareg.functional.permutations import episode_permutations

EUCLIDEAN = Space("euclidean")
POINT_ESTIMATES = Resampling(halves=0)
# 200 tests at p < .05: 10 expected, and fewer than 3 or more than 22 have probability .0005 together.
FALSE_POSITIVES = range(3, 23)
"""Times that 200 independent pairs of spaces may have p < .05."""


def series(generator, episodes, length, dim, phi):
    """Stationary AR(1) series, one per episode, [episodes, length, dim]."""
    z = torch.randn(episodes, length, dim, generator=generator)
    for t in range(1, length):
        z[:, t] = phi * z[:, t - 1] + (1 - phi**2) ** 0.5 * z[:, t]
    return z


def frozen(z, share):
    """Let every episode stand still for the last part of its time."""
    first = round(z.shape[1] * (1 - share))
    return z[:, [*range(first), *[first] * (z.shape[1] - first)]]


def resting(z, share):
    """Let all episodes end in one and the same pose."""
    return torch.cat([z[:, : round(z.shape[1] * (1 - share))], z[:, round(z.shape[1] * (1 - share)) :] * 0], dim=1)


def copied(generator, episodes, length, dim):
    return torch.randn(episodes, 1, dim, generator=generator).expand(-1, length, -1)


TRAPS = {
    "independent frames": lambda g, e, n, d: series(g, e, n, d, 0),
    "autocorrelation .9": lambda g, e, n, d: series(g, e, n, d, 0.9),
    "autocorrelation .995": lambda g, e, n, d: series(g, e, n, d, 0.995),
    "20 % frozen": lambda g, e, n, d: frozen(series(g, e, n, d, 0), 0.2),
    "40 % frozen": lambda g, e, n, d: frozen(series(g, e, n, d, 0), 0.4),
    "20 % at rest": lambda g, e, n, d: resting(series(g, e, n, d, 0.9), 0.2),
    "copies": copied,
}


def pair(trap, seed, episodes, length, dim=10):
    """Two spaces that have nothing to do with each other."""
    generator = torch.Generator().manual_seed(seed)
    x, y = (TRAPS[trap](generator, episodes, length, dim).flatten(0, 1) for _ in "xy")
    return x, y, torch.arange(episodes * length) // length


def side(x, k, episodes, name):
    return lambda rows: nearest_neighbours(x[rows], k, space=EUCLIDEAN, groups=episodes[rows], side=name).indices


def searched(x, y, k, episodes):
    return PairSearch(side(x, k, episodes, "x"), side(y, k, episodes, "y"), episodes)


@pytest.mark.parametrize("trap", TRAPS)
def test_independent_data_lies_at_chance_over_200_seeds(trap):
    scores = []
    for seed in range(200):
        x, y, episodes = pair(trap, seed, episodes=10, length=10, dim=6)
        scores.append(score_mutual_knn(searched(x, y, 4, episodes), trap, Resampling(200, halves=8, seed=seed)))
    assert sum(score.p < 0.05 for score in scores) in FALSE_POSITIVES
    assert sum(score.low <= score.chance <= score.high for score in scores) >= 182  # .95 of 200 is 190
    calibrated = np.array([score.calibrated for score in scores])
    assert calibrated.mean() == pytest.approx(0, abs=3.3 * calibrated.std() / 200**0.5)


@pytest.mark.parametrize("trap", TRAPS)
def test_independent_data_lies_at_chance_at_full_size(trap):
    x, y, episodes = pair(trap, 0, episodes=20 if trap != "copies" else 100, length=50 if trap != "copies" else 10)
    score = score_mutual_knn(searched(x, y, 10, episodes), trap, Resampling(halves=10))
    assert score.samples == 1000
    assert abs(score.z) < 3.3
    assert score.low < score.chance < score.high
    # More than uniform chance where both spaces stand still at the same time.
    assert 0.8 < score.chance / mutual_knn_chance(10, episodes) < 2.2


def plain_neighbours(x, k):
    """The usual search: the own episode counts, and the order in memory decides between copies."""
    nearness = -(x[:, None] - x[None]).square().sum(dim=-1)
    return nearness.fill_diagonal_(-torch.inf).topk(k).indices


@pytest.mark.parametrize(
    ("trap", "value", "z"),
    [
        ("autocorrelation .9", 0.41, 320),
        ("autocorrelation .995", 0.77, 590),
        ("20 % frozen", 0.19, 160),
        ("40 % frozen", 0.41, 355),
        ("copies", 0.90, 665),
    ],
)
def test_the_usual_search_and_a_frame_shuffle_find_alignment_where_there_is_none(trap, value, z):
    x, y, _ = pair(trap, 0, episodes=20 if trap != "copies" else 100, length=50 if trap != "copies" else 10)
    near_x, near_y = plain_neighbours(x, 10), plain_neighbours(y, 10)
    naive = float(shared_share(near_x, near_y).mean())
    mean, variance = mutual_knn_moments(near_x, near_y)
    assert naive == pytest.approx(value, abs=0.03)
    assert (naive - mean) / variance**0.5 == pytest.approx(z, rel=0.1)


def test_a_frame_shuffle_is_too_narrow_even_for_neighbours_from_other_episodes():
    false_positives = 0
    for seed in range(40):
        x, y, episodes = pair("autocorrelation .995", seed, episodes=10, length=10, dim=6)
        search = searched(x, y, 4, episodes)
        near = search.within(search.rows)
        value = mutual_knn_null(*near, torch.arange(100)[None])[0, 0, 0]
        shuffled = mutual_knn_null(*near, episode_permutations(torch.arange(100), seed=seed))[:, 0, 0]
        false_positives += int(p_value(value, shuffled) < 0.05)
    assert false_positives > 10  # 2 expected


def test_progress_through_an_episode_counts_as_chance():
    time = torch.linspace(0, 3, 20)[:, None].repeat(12, 1)
    episodes = torch.arange(240) // 20
    x, y = (time + torch.randn(240, 2, generator=torch.Generator().manual_seed(seed)) / 3 for seed in (0, 1))
    score = score_mutual_knn(searched(x, y, 5, episodes), "time", POINT_ESTIMATES)
    assert score.value > 2 * mutual_knn_chance(5, episodes)
    assert abs(score.z) < 3
    assert score.chance == pytest.approx(score.value, rel=0.2)


def test_the_best_of_many_pairs_is_compared_with_the_best_by_chance():
    own, maximum, episodes = 0, 0, torch.arange(60) // 6

    def layers(vectors, name):
        sides = [side(layer, 4, episodes, name) for layer in vectors]
        return lambda rows: torch.stack([search(rows) for search in sides])

    for seed in range(100):
        x, y = torch.randn(2, 4, 60, 4, generator=torch.Generator().manual_seed(seed))
        search = PairSearch(layers(x, "x"), layers(y, "y"), episodes)
        score = score_mutual_knn(search, "best of 16", Resampling(200, 0, seed))
        near = search.within(search.rows)
        null = mutual_knn_null(*near, episode_permutations(episodes, 200, seed))
        values = mutual_knn_null(*near, torch.arange(60)[None])[0]
        assert score.value == pytest.approx(float(values.max()))
        own += int(p_value(values, null).min() < 0.05)
        maximum += score.p < 0.05
    assert own > 30
    assert maximum in range(13)  # 5 expected; 13 or more has probability .0015


def test_layers_that_are_alike_cost_nothing():
    x, y, episodes = pair("independent frames", 3, episodes=10, length=6)
    one = score_mutual_knn(searched(x, y, 4, episodes), "one", POINT_ESTIMATES)
    several = PairSearch(
        lambda rows: side(x, 4, episodes, "x")(rows).expand(3, -1, -1), side(y, 4, episodes, "y"), episodes
    )
    best = score_mutual_knn(several, "three times the same", POINT_ESTIMATES)
    assert (best.value, best.chance, best.z, best.p) == (one.value, one.chance, one.z, one.p)


def test_a_space_is_aligned_with_itself_and_with_its_noisy_copy():
    x, noise, episodes = pair("autocorrelation .9", 0, episodes=12, length=10)
    own = score_mutual_knn(searched(x, x, 5, episodes), "itself")
    assert (own.value, own.calibrated, own.low, own.high) == (1, 1, 1, 1)
    noisy = score_mutual_knn(searched(x, x + noise / 3, 5, episodes), "noisy")
    assert noisy.chance < noisy.low < noisy.value < noisy.high < 1
    assert noisy.p == pytest.approx(1 / 201)


def test_the_score_is_that_of_mutual_knn():
    x, y, episodes = pair("autocorrelation .9", 0, episodes=12, length=10)
    score = score_mutual_knn(searched(x, x + y, 5, episodes), "noisy", POINT_ESTIMATES)
    expected = mutual_knn(x, x + y, 5, space=EUCLIDEAN, groups=episodes)
    assert score.value == pytest.approx(float(expected), abs=1e-6)
    assert (score.k, score.samples, score.episodes) == (5, 120, 12)
    both = PairSearch(side(x, 5, episodes, "x"), side(x + y, 8, episodes, "y"), episodes)
    assert score_mutual_knn(both, "noisy", POINT_ESTIMATES).name == "noisy_k5x8_n120"


def test_chance_and_z_are_exact_for_independent_samples():
    x, y = torch.randn(2, 80, 4, generator=torch.Generator().manual_seed(0))
    search = searched(x, y, 5, torch.arange(80))
    score = score_mutual_knn(search, "exact", POINT_ESTIMATES)
    mean, variance = mutual_knn_moments(*(near[0] for near in search.within(search.rows)))
    assert (score.chance, score.z) == (5 / 79, (score.value - mean) / variance**0.5)


@pytest.mark.parametrize(
    ("agreement", "metric", "best"),
    [(returns, cycle_knn, 1.0), (common_length, lcs_knn, 5.0), (shared_share, mutual_knn, 1.0)],
)
def test_any_agreement_of_neighbours_has_its_null(agreement, metric, best):
    x, y, episodes = pair("autocorrelation .9", 0, episodes=10, length=6)
    settings = {"space": EUCLIDEAN, "groups": episodes}
    renamed = score_neighbours(agreement, searched(x, y, 5, episodes), "a", best, Resampling(20, 6))
    again = score_metric(
        lambda i, j: metric(x[i], y[j], 5, space=EUCLIDEAN, groups=episodes[i]),
        episodes,
        "a",
        5,
        best,
        Resampling(20, 6),
    )
    assert renamed.value == pytest.approx(float(metric(x, y, 5, **settings)), abs=1e-6)
    for number in ("value", "chance", "z", "p", "low", "high", "calibrated"):
        assert getattr(renamed, number) == pytest.approx(getattr(again, number), rel=1e-4)


def test_the_fast_null_is_that_of_shared_neighbours():
    x, y, episodes = pair("autocorrelation .9", 0, episodes=10, length=6)
    search = searched(x, y, 5, episodes)
    fast, slow = (
        score_mutual_knn(search, "a", Resampling(30, 6)),
        score_neighbours(shared_share, search, "a", 1.0, Resampling(30, 6)),
    )
    for number in ("value", "chance", "z", "p", "low", "high"):
        assert getattr(fast, number) == pytest.approx(getattr(slow, number), rel=1e-5)


def test_scoring_leaves_the_global_random_state_alone():
    x, y, episodes = pair("independent frames", 0, episodes=8, length=6)
    before = torch.get_rng_state()
    first = score_mutual_knn(searched(x, y, 4, episodes), "a")
    assert torch.equal(before, torch.get_rng_state())
    torch.rand(3)
    assert first == score_mutual_knn(searched(x, y, 4, episodes), "a")


@pytest.mark.parametrize(("episodes", "halves"), [(5, 50), (8, 0)])
def test_without_halves_there_is_no_interval(episodes, halves):
    x, y, groups = pair("independent frames", 0, episodes, 6)
    score = score_mutual_knn(searched(x, y, 4, groups), "few", Resampling(halves=halves))
    assert math.isnan(score.low)
    assert math.isnan(score.high)
    assert 0 < score.p <= 1


def test_neighbours_from_the_own_episode_are_refused():
    x, y, episodes = pair("autocorrelation .9", 0, episodes=8, length=6)
    each = torch.arange(48)
    search = PairSearch(side(x, 4, each, "x"), side(y, 4, each, "y"), episodes)
    with pytest.raises(ValueError, match=r"of 192 neighbours are of the sample's own episode.*groups=episodes\[rows\]"):
        score_mutual_knn(search, "naive")


def test_three_episodes_have_no_chance():
    x, y, episodes = pair("independent frames", 0, episodes=3, length=10)
    with pytest.raises(ValueError, match="Only 3 of `episodes` have 10 samples"):
        score_mutual_knn(searched(x, y, 4, episodes), "few")
