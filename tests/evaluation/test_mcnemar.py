"""McNemar's test against SciPy and published numbers, its level, and the number of episodes it asks for."""

import numpy as np
import pytest
from scipy.stats import binomtest, permutation_test

from vlareg.evaluation import mcnemar_exact
from vlareg.evaluation.mcnemar import episodes_needed, symmetry_test


@pytest.mark.parametrize(("only_a", "only_b"), [(0, 1), (3, 9), (9, 3), (5, 5), (40, 71), (0, 114), (300, 360)])
def test_matches_scipys_binomial_test(only_a: int, only_b: int) -> None:
    expected = binomtest(only_a, only_a + only_b, 0.5).pvalue
    assert mcnemar_exact(only_a, only_b) == pytest.approx(expected, rel=1e-9)


def test_matches_the_values_of_two_textbook_tables() -> None:
    """By hand from the binomial distribution: 2 (1 + 10) / 2^10 and 2 (1 + 8 + 28) / 2^8."""
    assert mcnemar_exact(1, 9) == 22 / 1024
    assert mcnemar_exact(6, 2) == 74 / 256


def test_policies_that_never_disagree_do_not_differ() -> None:
    assert mcnemar_exact(0, 0) == 1.0
    assert symmetry_test(np.zeros(20, dtype=np.int64)) == 1.0


@pytest.mark.parametrize(("only_a", "only_b"), [(3, 9), (9, 3), (4, 4), (0, 30)])
def test_one_episode_a_start_makes_the_symmetry_test_mcnemars(only_a: int, only_b: int) -> None:
    differences = np.array([-1] * only_a + [0] * 17 + [1] * only_b)
    assert symmetry_test(differences) == pytest.approx(mcnemar_exact(only_a, only_b), rel=1e-12)


def test_the_symmetry_test_matches_scipys_over_all_signs() -> None:
    differences = np.array([3, -1, 2, 0, 1, 3, -2, 1, 2])
    expected = permutation_test((differences,), np.sum, permutation_type="samples", n_resamples=np.inf)
    assert symmetry_test(differences) == pytest.approx(expected.pvalue, rel=1e-12)


def test_seeds_that_share_their_starts_are_no_more_episodes() -> None:
    """Three seeds that do the same at every start are as good as one; counted as separate pairs they would be nine to none."""
    assert symmetry_test(np.array([3, 3, 3])) == mcnemar_exact(0, 3)
    assert mcnemar_exact(0, 9) < 0.01 < mcnemar_exact(0, 3)


def test_equally_good_policies_seldom_seem_to_differ() -> None:
    """1,000 pairs of equal policies, 200 episodes, 30 % disagreement: at most 5 % of the tests are below 5 %.

    The exact test keeps below its level; the standard error of the share is 0.7 %, so three of them are allowed.
    """
    generator = np.random.default_rng(0)
    disagreements = generator.binomial(200, 0.3, size=1000)
    values = [mcnemar_exact(int(k), int(n - k)) for n in disagreements for k in [generator.binomial(n, 0.5)]]
    assert 0.02 < np.mean(np.array(values) < 0.05) < 0.05 + 3 * 0.007


@pytest.mark.parametrize(("discordance", "needed"), [(0.1, 312), (0.2, 626), (0.3, 940)])
def test_the_number_of_episodes_follows_connors_formula(discordance: float, needed: int) -> None:
    """By hand: (1.959964 sqrt(psi) + 0.841621 sqrt(psi - 0.0025))^2 / 0.0025, rounded up."""
    assert episodes_needed(discordance) == needed


@pytest.mark.parametrize("discordance", [0.08, 0.3])
def test_that_many_episodes_find_the_difference_four_times_in_five(discordance: float) -> None:
    """2,000 simulated pairs of policies that differ by 5 points; the exact test is a little weaker than the formula's."""
    only_b, only_a = (discordance + 0.05) / 2, (discordance - 0.05) / 2
    counts = np.random.default_rng(0).multinomial(
        episodes_needed(discordance), [only_a, only_b, 1 - discordance], size=2000
    )
    found = np.mean([mcnemar_exact(int(a), int(b)) < 0.05 for a, b, _ in counts])
    assert 0.74 < found < 0.82


def test_a_discordance_below_the_difference_counts_as_the_difference() -> None:
    assert episodes_needed(0.0) == episodes_needed(0.05)


@pytest.mark.parametrize(
    ("change", "name"),
    [({"discordance": 1.1}, "discordance"), ({"difference": 0}, "difference"), ({"power": 1.0}, "power"), ({"level": 0.0}, "level")],
)  # fmt: skip
def test_numbers_outside_of_their_range_are_named(change: dict[str, float], name: str) -> None:
    with pytest.raises(ValueError, match=f"`{name}` must be in"):
        episodes_needed(**{"discordance": 0.2, **change})


def test_counts_are_not_negative() -> None:
    with pytest.raises(ValueError, match="must be >= 0, but got -1 and 2"):
        mcnemar_exact(-1, 2)
