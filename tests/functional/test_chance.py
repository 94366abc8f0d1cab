from dataclasses import FrozenInstanceError

import pytest
import torch

from vlareg.functional.chance import Score, against_chance, p_value, standard_score


@pytest.mark.parametrize(("k", "name"), [(10, "a/m_k10_n1000"), ((10, 5), "a/m_k10x5_n1000"), (None, "a/m_n1000")])
def test_k_and_n_are_part_of_the_name(k, name):
    assert Score("a/m", k, 1000, 20, 0.2, 0.01, 9.0, 0.005, 0.1, 0.3).name == name


@pytest.mark.parametrize(
    ("value", "best", "calibrated"), [(0.1, 1.0, 0.0), (1.0, 1.0, 1.0), (0.055, 1.0, -0.05), (5.05, 10.0, 0.5)]
)
def test_chance_is_zero_and_the_best_is_one(value, best, calibrated):
    score = Score("a", 10, 100, 20, value, 0.1, 0.0, 1.0, 0.0, 1.0, best)
    assert score.calibrated == pytest.approx(calibrated)


def test_a_score_does_not_change():
    with pytest.raises(FrozenInstanceError):
        Score("a", 10, 100, 20, 0.1, 0.1, 0.0, 1.0, 0.0, 1.0).value = 0.9


def test_p_counts_the_observed_order():
    null = torch.arange(199.0)
    assert p_value(torch.tensor([500.0, 198.0, 0.0, -1.0]), null).tolist() == pytest.approx([0.005, 0.01, 1, 1])


def test_p_does_not_fall_by_rounding():
    value = torch.tensor(0.3)
    assert float(p_value(value, torch.full((9,), 0.3).nextafter(torch.tensor(0.0)))) == 1


def test_p_is_uniform_by_chance():
    draws = torch.randn(4000, 20, generator=torch.Generator().manual_seed(0))
    p = torch.stack([p_value(row[0], row[1:]) for row in draws])
    counts = torch.bincount((p * 20).round().long(), minlength=21)
    assert counts[0] == 0
    assert counts[1:].float().std() < 3 * 200**0.5
    assert counts[1:].min() > 140


def test_pairs_are_compared_with_their_own_null_or_with_that_of_the_maximum():
    value, null = torch.tensor([[2.0, 5.0]]), torch.tensor([[[1.0, 6.0]], [[3.0, 4.0]], [[1.0, 4.0]]])
    torch.testing.assert_close(p_value(value, null), torch.tensor([[0.5, 0.5]]))
    torch.testing.assert_close(p_value(value, null.flatten(1).amax(dim=1)), torch.tensor([[1.0, 0.5]]))
    chance, z, p = against_chance(value, null)
    torch.testing.assert_close(chance, null.double().mean(dim=0))
    torch.testing.assert_close(z, (value - null.mean(dim=0)) / null.std(dim=0))
    torch.testing.assert_close(p, p_value(value, null))


@pytest.mark.parametrize(("value", "null"), [(torch.nan, [1.0, 2.0, 3.0]), (5.0, [1.0, torch.nan, 3.0])])
def test_what_is_not_known_is_not_significant(value, null):
    assert all(float(number) != float(number) for number in against_chance(torch.tensor(value), torch.tensor(null))[1:])


def test_a_null_without_spread_has_no_z():
    assert standard_score(torch.tensor(2.0), torch.ones(5)).isnan()
