import pickle

import pytest
import torch
import torch.distributed as dist

from tests.two_ranks import on_two_ranks
from vlareg.functional import effective_rank
from vlareg.metrics import EffectiveRank


def sample():
    return torch.randn(50, 8, generator=torch.Generator().manual_seed(0)) * torch.arange(1, 9)


@pytest.mark.parametrize("centre", [True, False])
def test_collects_over_steps(centre):
    metric, x = EffectiveRank(centre), sample() + 3
    metric.update(x[:20].requires_grad_())
    metric.update(x[20:])
    assert not metric.x[0].requires_grad
    torch.testing.assert_close(pickle.loads(pickle.dumps(metric)).compute(), effective_rank(x.detach(), centre))


def rank_of_a_rank():
    shared, one_sided = EffectiveRank(), EffectiveRank()
    shared.update(sample()[:15] if dist.get_rank() == 0 else sample()[15:])
    if dist.get_rank() == 1:
        one_sided.update(sample())
    return torch.stack([shared.compute(), one_sided.compute()])


def test_collects_over_ranks_with_unequal_shares_or_none():
    for result in on_two_ranks(rank_of_a_rank):
        torch.testing.assert_close(result, effective_rank(sample()).expand(2))


@pytest.mark.filterwarnings("ignore:The ``compute`` method:UserWarning")
def test_nothing_collected_is_an_error():
    with pytest.raises(ValueError, match="No samples"):
        EffectiveRank().compute()
