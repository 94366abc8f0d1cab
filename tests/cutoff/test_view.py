import pytest
import torch

from vlareg.cutoff import ViewCutoff


@pytest.mark.parametrize("views", [2, 3])
def test_zeroes_exactly_one_view_of_each_sample_each_equally_often(views):
    slices = [slice(1 + 4 * i, 5 + 4 * i) for i in range(views)]
    tokens, mask = torch.ones(3000, 1 + 4 * views + 6, 2), torch.ones(3000, 1 + 4 * views + 6, dtype=torch.bool)
    zeroed = (ViewCutoff()(tokens, mask, slices) == 0).all(dim=-1)
    counts = [int(zeroed[:, positions].all(dim=1).sum()) for positions in slices]
    assert zeroed.sum(dim=1).tolist() == [4] * 3000
    assert sum(counts) == 3000
    assert min(counts) > 3000 / views * 0.9


@pytest.mark.parametrize("slices", [[], [slice(1, 5)]])
def test_a_single_view_is_refused_with_the_alternatives(slices):
    with pytest.raises(ValueError, match=r"at least 2 camera views.*use TokenCutoff or SpanCutoff"):
        ViewCutoff()(torch.ones(2, 6, 3), torch.ones(2, 6, dtype=torch.bool), slices)
