import math

import pytest
import torch
import torch.distributed as dist

from tests.two_ranks import on_two_ranks
from vlareg.regularizers import Constant, CosineDecay, RatioToTask


def test_constant():
    assert [Constant(0.2)(step, 10) for step in (0, 5, 10)] == [0.2] * 3


def test_cosine_is_a_function_of_the_step_alone():
    schedule = CosineDecay(start=2.0, end=1.0)
    assert [schedule(step, 8) for step in (0, 4, 8, 100)] == pytest.approx([2.0, 1.5, 1.0, 1.0])
    assert schedule(1, 8) == pytest.approx(1 + (1 + math.cos(math.pi / 8)) / 2)
    assert CosineDecay()(100, 100) == 0


@pytest.mark.parametrize("value", [-0.1, math.nan, math.inf])
def test_a_weight_is_a_finite_number_of_at_least_zero(value):
    with pytest.raises(ValueError, match="`value`"):
        Constant(value)
    with pytest.raises(ValueError, match="`end`"):
        CosineDecay(end=value)


@pytest.mark.parametrize("total", [0, -1, math.inf])
def test_a_decay_needs_the_length_of_the_run(total):
    with pytest.raises(ValueError, match="`total_steps`"):
        CosineDecay()(1, total)


def losses(task, own):
    return {"task_loss": torch.tensor(task, requires_grad=True), "loss": torch.tensor(own)}


def test_a_share_of_the_task_loss_whatever_the_two_units():
    weight = RatioToTask(CosineDecay(start=0.5))
    assert weight(0, 8, **losses(2.0, 40.0)) == pytest.approx(0.5 * 2 / 40)
    assert weight(4, 8, **losses(1.0, 0.1)) == pytest.approx(0.25 * 1 / 0.1)
    assert weight(8, 8, **losses(1.0, 0.1)) == 0


def test_a_share_has_an_upper_limit():
    assert RatioToTask(Constant(1.0), largest=3.0)(0, 8, **losses(1.0, 1e-9)) == 3


def test_a_share_of_nothing_is_refused():
    with pytest.raises(ValueError, match="`task_loss` and `loss` are needed"):
        RatioToTask()(0, 8)
    with pytest.raises(ValueError, match=r"`loss` must be > 0 .* but is -0\.2"):
        RatioToTask()(0, 8, **losses(1.0, -0.2))
    with pytest.raises(ValueError, match="`largest` must be > 0"):
        RatioToTask(largest=0.0)


def share_of_ranks():
    rank = float(dist.get_rank())
    return RatioToTask(Constant(0.5))(0, 8, **losses(1.0 + 2 * rank, 3.0 + 2 * rank))


def test_ranks_take_one_weight_from_their_mean_losses():
    assert on_two_ranks(share_of_ranks) == pytest.approx([0.5 * 2 / 4] * 2)
