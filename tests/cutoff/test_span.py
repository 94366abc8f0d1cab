import pytest
import torch

from vlareg.cutoff import SpanCutoff


def test_cuts_one_run_of_what_each_sample_may_read():
    mask = (torch.arange(30) < 20).expand(500, 30).clone()
    mask[:, 3] = False
    zeroed = SpanCutoff(fraction=0.25)(torch.ones(500, 30, 1), mask, [])[..., 0] == 0
    assert zeroed.sum(dim=1).tolist() == [5] * 500
    assert not zeroed[~mask].any()
    order = mask.cumsum(dim=1)
    first = order.masked_fill(~zeroed, 99).amin(dim=1)
    last = order.masked_fill(~zeroed, 0).amax(dim=1)
    assert (last - first).tolist() == [4] * 500
    assert (int(first.min()), int(last.max())) == (1, 19)


def test_a_fraction_out_of_range_is_refused():
    with pytest.raises(ValueError, match="`fraction`"):
        SpanCutoff(fraction=1.5)
