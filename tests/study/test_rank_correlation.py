import numpy as np
import pytest
from scipy.stats import spearmanr

from vlareg.study.rank_correlation import rank_correlation


def test_the_value_is_scipys_and_the_interval_holds_it():
    x, y = np.random.default_rng(0).normal(size=(2, 12))
    found = rank_correlation(x.tolist(), y.tolist())
    assert found.value == pytest.approx(spearmanr(x, y).statistic)
    assert found.low < found.value < found.high


def test_a_perfect_order_of_few_policies_is_not_certain():
    found = rank_correlation([1.0, 2.0, 3.0, 4.0], [10.0, 20.0, 30.0, 40.0])
    assert found.value == 1.0
    assert found.low < 0


def test_the_interval_covers_the_true_correlation():
    """Normal pairs with Pearson's 0.6 have Spearman's 6 / pi * asin(0.3) (a closed form for the normal distribution)."""
    rng, true = np.random.default_rng(1), 6 / np.pi * np.arcsin(0.3)
    pairs = rng.multivariate_normal([0, 0], [[1, 0.6], [0.6, 1]], size=(400, 15))
    found = [rank_correlation(pair[:, 0].tolist(), pair[:, 1].tolist()) for pair in pairs]
    assert 0.91 < np.mean([f.low < true < f.high for f in found]) < 0.99


@pytest.mark.parametrize(("x", "y"), [([1.0, 2.0, 3.0], [1.0, 2.0, 3.0]), ([1.0, 2.0, 3.0, 4.0], [0.0] * 4), ([], [])])
def test_where_nothing_can_be_said_nothing_is(x, y):
    assert not rank_correlation(x, y).known


def test_unequal_numbers_are_named():
    with pytest.raises(ValueError, match="hold 2 and 1"):
        rank_correlation([1.0, 2.0], [1.0])
