"""Wilson's and Student's intervals against SciPy's, and Wilson's against its own definition."""

import math

import pytest
from scipy.stats import binomtest, ttest_1samp

from vlareg.evaluation import wilson_interval
from vlareg.evaluation.intervals import t_interval


@pytest.mark.parametrize(("successes", "n"), [(8, 10), (0, 10), (10, 10), (170, 200), (1, 1)])
@pytest.mark.parametrize("confidence", [0.5, 0.95, 0.99])
def test_matches_scipy(successes: int, n: int, confidence: float) -> None:
    expected = binomtest(successes, n).proportion_ci(confidence_level=confidence, method="wilson")
    assert wilson_interval(successes, n, confidence) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_ends_solve_the_score_equation() -> None:
    """At both ends the observed rate is exactly z standard errors away, the error taken at that end."""
    successes, n, z = 37, 50, 1.6448536269514722  # z of a 90 % interval
    for end in wilson_interval(successes, n, confidence=0.9):
        assert abs(successes / n - end) == pytest.approx(z * math.sqrt(end * (1 - end) / n), rel=1e-9)


def test_no_episode_says_nothing() -> None:
    assert wilson_interval(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(("successes", "n"), [(3, 2), (-1, 2)])
def test_impossible_counts(successes: int, n: int) -> None:
    with pytest.raises(ValueError, match=r"`successes` must be in 0\.\.n"):
        wilson_interval(successes, n)


def test_confidence_must_be_a_probability() -> None:
    with pytest.raises(ValueError, match="`confidence` must be in"):
        wilson_interval(1, 2, confidence=95)


@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_students_interval_matches_scipy(confidence: float) -> None:
    values = [0.02, 0.05, -0.01, 0.11]
    expected = ttest_1samp(values, 0).confidence_interval(confidence)
    assert t_interval(values, confidence) == pytest.approx((expected.low, expected.high), rel=1e-12)


@pytest.mark.parametrize("values", [[], [0.1], [0.1, 0.1]])
def test_values_without_a_spread_have_no_interval(values: list[float]) -> None:
    assert all(map(math.isnan, t_interval(values)))


def test_students_confidence_must_be_a_probability() -> None:
    with pytest.raises(ValueError, match="`confidence` must be in"):
        t_interval([1.0, 2.0], confidence=95)
