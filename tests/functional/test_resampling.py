import pytest
import torch

from vlareg.functional import cka, mutual_knn
from vlareg.functional.resampling import episode_halves, half_scores, halves_interval
from vlareg.functional.space import Space


def series(seed, episodes, length, dim, phi):
    """AR(1) series of unit variance, one per episode."""
    z = torch.randn(episodes, length, dim, generator=torch.Generator().manual_seed(seed))
    for t in range(1, length):
        z[:, t] = phi * z[:, t - 1] + (1 - phi**2) ** 0.5 * z[:, t]
    return z.flatten(0, 1)


def test_halves_hold_whole_episodes_and_equally_many():
    episodes = torch.tensor([4, 4, 2, 2, 2, 8, 8, 5, 5, 5, 5, 1, 9, 9])
    for sides in episode_halves(episodes, count=20):
        by_episode = [sides[episodes == episode].unique() for episode in episodes.unique()]
        assert all(len(side) == 1 for side in by_episode)
        assert torch.cat(by_episode).sort().values.tolist() == [0, 0, 0, 1, 1, 1]


def test_of_an_odd_number_another_episode_is_left_out_each_time():
    sides = episode_halves(torch.arange(7), count=60)
    assert (sides == -1).sum(dim=1).tolist() == [1] * 60
    assert (sides == -1).any(dim=0).all()


def test_halves_have_nearly_equally_many_samples():
    lengths = torch.tensor([2, 40, 3, 41, 2, 39, 3, 40])
    episodes = torch.arange(8).repeat_interleave(lengths)
    sides = episode_halves(episodes, count=50)
    assert ((sides == 0).sum(dim=1) - (sides == 1).sum(dim=1)).abs().max() <= 4


def test_halves_depend_on_the_seed_alone():
    before = torch.get_rng_state()
    first = episode_halves(torch.arange(20), seed=1)
    assert torch.equal(before, torch.get_rng_state())
    assert torch.equal(first, episode_halves(torch.arange(20), seed=1))
    assert not torch.equal(first, episode_halves(torch.arange(20), seed=2))


def test_the_interval_of_a_mean_is_the_usual_one():
    x = torch.randn(30, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    scores = half_scores(lambda rows: x[rows].mean(dim=0), episode_halves(torch.arange(30), count=3000))
    low, high = halves_interval(x.mean(dim=0), scores, episodes=30)
    usual = 2.045 * x.std(dim=0) / 30**0.5  # Student's quantile, 29 degrees of freedom
    torch.testing.assert_close((high - low) / 2, usual, rtol=0.04, atol=0)
    torch.testing.assert_close((high + low) / 2, x.mean(dim=0))


@pytest.mark.parametrize(
    ("metric", "episodes", "noise"),
    [("mutual_knn", 12, 0.3), ("mutual_knn", 12, 3.0), ("mutual_knn", 6, 0.3), ("cka", 12, 1.0)],
)
def test_intervals_cover_the_expected_score(metric, episodes, noise):
    groups = torch.arange(episodes * 8) // 8
    ends, values = [], []
    for seed in range(60):
        x = series(seed, episodes, 8, 4, phi=0.9)
        y = x + noise * series(1000 + seed, episodes, 8, 4, phi=0.9)

        def score(rows, x=x, y=y):
            if metric == "cka":
                return cka(x[rows], y[rows])
            return mutual_knn(x[rows], y[rows], 4, space=Space("euclidean"), groups=groups[rows])

        values.append(score(torch.arange(len(groups))))
        scores = half_scores(score, episode_halves(groups, count=15, seed=seed))
        ends.append(torch.stack(halves_interval(values[-1], scores, episodes)))
    expected, (low, high) = torch.stack(values).mean(), torch.stack(ends, dim=1)
    covered = int(((low <= expected) & (expected <= high)).sum())
    assert covered >= 51  # .95 of 60 is 57; 51 or fewer has probability .003
    assert ((high - low) / 2).mean() < 5 * torch.stack(values).std()  # Student's 2.2 to 2.6, and at most twice too wide


def test_a_bootstrap_finds_alignment_where_there_is_none_and_halves_do_not():
    x, y = torch.randn(2, 1000, 8, generator=torch.Generator().manual_seed(0))
    drawn = torch.randint(1000, (1000,), generator=torch.Generator().manual_seed(1))

    def score(rows):
        return mutual_knn(x[rows], y[rows], space=Space("euclidean"))

    # A sample has one other copy on average, which is a neighbour in both spaces: 1 / 10 more than chance.
    assert float(score(drawn)) == pytest.approx(0.109, abs=0.01)
    scores = half_scores(score, episode_halves(torch.arange(1000), count=3))
    assert float(scores.mean()) == pytest.approx(10 / 499, abs=0.008)


def test_a_failed_half_is_no_narrow_interval():
    scores = half_scores(lambda rows: rows.double().mean(), episode_halves(torch.arange(8), count=5))
    scores[2, 1] = torch.nan
    low, high = halves_interval(torch.tensor(3.5), scores, episodes=8)
    assert low.isnan()
    assert high.isnan()


def test_a_half_without_enough_neighbours_says_so():
    x = torch.randn(16, 3)
    halves = episode_halves(torch.arange(16), count=2)
    with pytest.raises(ValueError, match=r"half of the episodes cannot be scored: `k` must be in 1\.\.6"):
        half_scores(lambda rows: mutual_knn(x[rows], x[rows], 7), halves)


@pytest.mark.parametrize("arguments", [{"count": 0}, {"episodes": torch.arange(5)}])
def test_too_few_episodes_have_no_halves(arguments):
    with pytest.raises(ValueError, match="at least 6 episodes"):
        episode_halves(**{"episodes": torch.arange(8), **arguments})


@pytest.mark.parametrize("arguments", [{"episodes": 5}, {"confidence": 1.0}, {"confidence": 0.0}])
def test_wrong_numbers_get_no_interval(arguments):
    with pytest.raises(ValueError, match="`confidence` must be"):
        halves_interval(torch.tensor(0.5), torch.zeros(3, 2), **{"episodes": 8, **arguments})
