import pytest
import torch
import torch.distributed as dist
from torch import nn

from tests.two_ranks import on_two_ranks
from vlareg.gradients import gradient_agreement

TASK, AUXILIARY = torch.tensor([3.0, 4.0, 0.0]), torch.tensor([0.0, 5.0, 12.0])


def test_equals_the_cosine_and_the_lengths():
    weight = nn.Parameter(torch.zeros(3))
    agreement = gradient_agreement(TASK @ weight, AUXILIARY @ weight, [weight])
    assert float(agreement.cosine) == pytest.approx(20 / (5 * 13))
    assert float(agreement.ratio) == pytest.approx(13 / 5)


def test_only_shared_and_trainable_parameters_count():
    shared, own, other = (nn.Parameter(torch.ones(3)) for _ in range(3))
    frozen = nn.Parameter(torch.ones(3), requires_grad=False)
    task = TASK @ shared + 100 * own.sum() + frozen.sum()
    auxiliary = AUXILIARY @ shared + 100 * other.sum() + frozen.sum()
    agreement = gradient_agreement(task, auxiliary, [shared, own, other, frozen])
    assert float(agreement.cosine) == pytest.approx(20 / (5 * 13))
    task.backward()  # the graph is still there, and no gradient was left behind
    assert torch.equal(shared.grad, TASK)


def test_nothing_shared_and_zero_gradients_are_nan():
    first, second = nn.Parameter(torch.ones(3)), nn.Parameter(torch.ones(3))
    assert gradient_agreement(first.sum(), second.sum(), [first, second]).cosine.isnan()
    assert gradient_agreement(first.sum(), 0 * first.sum(), [first]).cosine.isnan()


def agreement_of_shares():
    share = torch.tensor([2.0, 0.0]) if dist.get_rank() == 0 else torch.tensor([0.0, 2.0])
    weight = nn.Parameter(torch.zeros(3))
    scale = share[0] * torch.tensor([1.0, 0, 0]) + share[1] * torch.tensor([0, 1.0, 1.0])
    return list(gradient_agreement((scale * TASK) @ weight, (scale * AUXILIARY) @ weight, [weight]))


def test_ranks_compare_their_mean_gradients():
    """Each rank sees some coordinates only; their mean is the whole gradient."""
    for cosine, ratio in on_two_ranks(agreement_of_shares):
        assert float(cosine) == pytest.approx(20 / (5 * 13))
        assert float(ratio) == pytest.approx(13 / 5)
