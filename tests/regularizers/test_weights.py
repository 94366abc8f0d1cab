import math

import pytest

from vlareg.regularizers import Constant, CosineDecay


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
