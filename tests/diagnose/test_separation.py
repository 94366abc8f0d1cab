import pytest
import torch

from vlareg.diagnose.separation import between_groups


def test_groups_drawn_by_lot_are_at_zero_even_where_there_are_many():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(60, 8, generator=generator)
    shares = []
    for _ in range(50):
        order = torch.randperm(60, generator=generator).tolist()
        shares.append(between_groups(x, [str(i % 20) for i in order]))
    assert sum(shares) / 50 == pytest.approx(0, abs=0.02)


def test_groups_that_differ_are_near_one():
    groups = ["a", "b", "c"] * 10
    means = torch.tensor([[0.0, 0], [50, 0], [0, 50]])
    x = means[torch.arange(30) % 3] + torch.randn(30, 2, generator=torch.Generator().manual_seed(0))
    assert between_groups(x, groups) > 0.99


@pytest.mark.parametrize("groups", [["a"] * 4, list("abcd")])
def test_one_group_or_as_many_as_samples_are_refused(groups):
    with pytest.raises(ValueError, match=r"`groups` must be 2\.\.3 groups of 4 samples"):
        between_groups(torch.randn(4, 2), groups)
