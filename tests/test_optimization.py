from itertools import pairwise

import pytest
import torch

from vlareg.optimization import Optimization


def _parameters():
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.LayerNorm(4), torch.nn.Linear(4, 2))
    model[2].weight.requires_grad_(False)
    return list(model.parameters())


def test_matrices_decay_vectors_do_not_and_frozen_ones_are_left_out():
    optimizer = Optimization(weight_decay=0.1).configure(_parameters(), 10)["optimizer"]
    shapes = {
        group["weight_decay"]: sorted(tuple(p.shape) for p in group["params"]) for group in optimizer.param_groups
    }
    assert shapes == {0.1: [(4, 3)], 0.0: [(2,), (4,), (4,), (4,)]}


def test_the_rate_rises_then_falls_to_zero():
    rates = [Optimization(warmup_steps=4).factor(step, 20) for step in range(21)]
    assert rates[:4] == [0.25, 0.5, 0.75, 1.0]
    assert all(a >= b for a, b in pairwise(rates[4:]))
    assert rates[20] == pytest.approx(0)


def test_constant_stays():
    assert Optimization(warmup_steps=0, decay="constant").factor(999, 1000) == 1.0


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ({"learning_rate": -1.0}, "`learning_rate` must be > 0, but got -1.0"),
        ({"warmup_steps": -5}, "`warmup_steps` must be >= 0, but got -5"),
        ({"decay": "linear"}, "`decay` must be 'cosine' or 'constant', but got 'linear'"),
    ],
)
def test_what_is_out_of_range_is_refused(argument, message):
    with pytest.raises(ValueError, match=message):
        Optimization(**argument)
