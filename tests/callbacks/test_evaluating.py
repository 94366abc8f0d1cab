import random

import numpy as np
import pytest
import torch
from torch import nn

from vlareg.callbacks.evaluating import evaluating


def test_every_part_gets_its_own_mode_back_even_after_an_error():
    module = nn.Sequential(nn.Dropout(), nn.Sequential(nn.BatchNorm1d(2).eval(), nn.Dropout()))
    before = [part.training for part in module.modules()]
    with pytest.raises(RuntimeError, match="stop"), evaluating(module):
        assert not any(part.training for part in module.modules())
        raise RuntimeError("stop")
    assert [part.training for part in module.modules()] == before == [True, True, True, False, True]


def _draw():
    return random.random(), np.random.rand(), torch.rand(()).item()  # noqa: NPY002


def test_the_global_random_states_are_those_from_before():
    for seed in (random.seed, np.random.seed, torch.manual_seed):
        seed(0)
    expected = _draw()
    for seed in (random.seed, np.random.seed, torch.manual_seed):
        seed(0)
    with evaluating(nn.Identity()):
        _draw()
    assert _draw() == expected
