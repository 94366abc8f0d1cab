import pytest
import torch

from vlareg.functional import effective_rank


def test_equal_directions_count_fully():
    x = torch.cat([torch.eye(6), -torch.eye(6)])
    assert float(effective_rank(x)) == pytest.approx(6, abs=1e-4)


def test_one_direction_counts_once_wherever_it_lies():
    x = torch.arange(10.0)[:, None] * torch.randn(5) + 100
    assert float(effective_rank(x)) == pytest.approx(1, abs=1e-2)


def test_two_unequal_directions():
    x = torch.diag(torch.tensor([3.0, 1.0]))
    p = torch.tensor([0.75, 0.25])
    assert float(effective_rank(x, centre=False)) == pytest.approx(float((-(p * p.log()).sum()).exp()), abs=1e-5)


def test_scale_does_not_matter():
    x = torch.randn(30, 8)
    torch.testing.assert_close(effective_rank(x), effective_rank(1e-4 * x), rtol=1e-3, atol=0)


@pytest.mark.parametrize(("x", "message"), [(torch.ones(5, 3), "constant"), (torch.full((5, 3), torch.nan), "NaN")])
def test_collapse_and_nan_are_refused(x, message):
    with pytest.raises(ValueError, match=message):
        effective_rank(x)
