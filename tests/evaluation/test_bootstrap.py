"""The paired bootstrap covers what it says, also where the plain one does not."""

import math

import numpy as np
import pytest
from scipy.stats import bootstrap

from vlareg.evaluation.bootstrap import paired_bootstrap


def simulated(tasks: int, episodes: int, only_a: float, only_b: float, pairs: int) -> np.ndarray:
    """Return differences [pairs of policies, tasks, episodes]; a task's chances lie between 0 and twice those given."""
    generator = np.random.default_rng(0)
    spread = generator.uniform(0, 2, size=tasks)
    spread *= tasks / spread.sum()
    uniform = generator.random((pairs, tasks, episodes))
    only_a, only_b = (np.minimum(1, chance * spread)[:, None] for chance in (only_a, only_b))
    return (uniform > 1 - only_b).astype(int) - (uniform < only_a)


@pytest.mark.parametrize(
    ("tasks", "episodes", "only_a", "only_b", "most"),
    [(10, 5, 0.1, 0.15, 0.98), (10, 50, 0.1, 0.15, 0.98), (10, 50, 0.002, 0.002, 1.0), (1, 50, 0.02, 0.1, 0.98)],
    ids=["few episodes", "500 episodes", "they almost never disagree", "one task"],
)
def test_covers_the_true_difference(tasks: int, episodes: int, only_a: float, only_b: float, most: float) -> None:
    """1,000 pairs of policies; 95 % less three standard errors of the share (0.7 %), and 0.5 % for the 400 draws.

    Where policies almost never disagree the interval is cautious instead of tight.
    """
    covered = 0
    for differences in simulated(tasks, episodes, only_a, only_b, pairs=1000):
        low, high = paired_bootstrap(list(differences), tasks * episodes, resamples=400)
        covered += low <= only_b - only_a <= high
    assert 0.95 - 3 * 0.007 - 0.005 <= covered / 1000 <= most


def test_is_scipys_bootstrap_where_there_are_many_episodes() -> None:
    differences = simulated(1, 2000, 0.1, 0.2, pairs=1)[0, 0]
    expected = bootstrap((differences,), np.mean, method="percentile", random_state=0).confidence_interval
    assert paired_bootstrap([differences], 2000) == pytest.approx(expected, abs=0.001)


def test_tasks_are_strata() -> None:
    """Between tasks that are won and lost throughout there is no chance, within tasks of the same mixture there is."""
    won, lost, mixed = np.ones(50, int), -np.ones(50, int), np.array([1, -1] * 25)
    width = {
        name: np.diff(paired_bootstrap(tasks, 100))[0]
        for name, tasks in (("apart", [won, lost]), ("mixed", [mixed] * 2))
    }
    assert width["apart"] < 0.2 * width["mixed"]


def test_small_tasks_have_the_variance_of_an_unbiased_estimate() -> None:
    """400 tasks of two starts that differ by 2: variance 2 each, so 1.96 sqrt(800 x 2) / 800; the plain one has half of it."""
    low, high = paired_bootstrap([np.array([1, -1])] * 400, 800)
    assert (high - low) / 2 == pytest.approx(1.96 * math.sqrt(800 * 2) / 800, rel=0.05)


def test_policies_that_never_disagreed_are_not_known_to_be_equal() -> None:
    low, high = paired_bootstrap([np.zeros(50, int)], 50)
    assert low < 0 < high


def test_equal_numbers_give_an_equal_interval_and_their_order_does_not_matter() -> None:
    differences = simulated(1, 40, 0.1, 0.3, pairs=1)[0, 0]
    assert paired_bootstrap([differences], 40) == paired_bootstrap([differences[::-1]], 40)
    few = [paired_bootstrap([differences], 40, resamples=30, seed=seed) for seed in (0, 1)]
    assert few[0] != few[1]


def test_several_seeds_at_one_start_are_one_draw() -> None:
    """Three seeds that do the same leave the interval as wide as one does."""
    differences = simulated(1, 100, 0.1, 0.3, pairs=1)[0, 0]
    one, three = paired_bootstrap([differences], 100), paired_bootstrap([3 * differences], 300)
    assert three == pytest.approx(one, rel=1e-9)


def test_single_starts_are_put_together() -> None:
    singles = [np.array([value]) for value in (1, 0, -1, 1, 0, 1)]
    assert paired_bootstrap(singles, 6) == paired_bootstrap([np.concatenate(singles)], 6)
    assert np.isfinite(paired_bootstrap([np.zeros(5, int), np.ones(1, int)], 6)).all()


def test_from_one_start_nothing_can_be_drawn() -> None:
    assert all(map(math.isnan, paired_bootstrap([np.array([1])], 1)))


@pytest.mark.parametrize("change", [{"episodes": 0}, {"resamples": 0}, {"confidence": 95.0}])
def test_numbers_outside_of_their_range_are_named(change: dict[str, float]) -> None:
    (name,) = change
    with pytest.raises(ValueError, match=f"`{name}` must be"):
        paired_bootstrap([np.zeros(4, int)], **{"episodes": 4, **change})
