import pytest
import torch

from vlareg.cutoff import TokenCutoff


def test_cuts_the_share_of_what_each_sample_may_read():
    mask = torch.arange(40) < torch.tensor([[40], [20], [10], [2], [1]])
    zeroed = TokenCutoff(fraction=0.25)(torch.ones(5, 40, 1), mask, [])[..., 0] == 0
    assert zeroed.sum(dim=1).tolist() == [10, 5, 2, 1, 1]
    assert not zeroed[~mask].any()


def test_every_position_is_cut_equally_often():
    zeroed = TokenCutoff(fraction=0.3)(torch.ones(4000, 10, 1), torch.ones(4000, 10, dtype=torch.bool), [])[..., 0] == 0
    torch.testing.assert_close(zeroed.float().mean(dim=0), torch.full((10,), 0.3), atol=0.04, rtol=0)


@pytest.mark.parametrize("fraction", [0.0, 1.0, -0.1])
def test_a_fraction_out_of_range_is_refused(fraction):
    with pytest.raises(ValueError, match=f"`fraction` must be > 0 and < 1, but got {fraction}"):
        TokenCutoff(fraction=fraction)
