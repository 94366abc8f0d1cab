"""Wilson's interval against SciPy's and its own definition."""

import math

import pytest
from scipy.stats import binomtest

from vlareg.evaluation import wilson_interval


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
