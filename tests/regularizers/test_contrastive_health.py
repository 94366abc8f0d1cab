import math
import warnings

import pytest
import torch

from vlareg.regularizers.contrastive_health import PATIENCE, ContrastiveHealth, effective_rank_of_directions


def logs(perplexity=8.0, keys=32.0, effective_rank=20.0):
    given = {"perplexity": perplexity, "keys": keys, "effective_rank": effective_rank}
    return {name: torch.tensor(value) for name, value in given.items()}


def messages(steps):
    health = ContrastiveHealth("rscl")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for step in steps:
            health.check(step)
    return [str(warning.message) for warning in caught]


def test_uniform_weights_are_said_once():
    assert messages([logs(perplexity=30.3)] * 3) == []
    (message,) = messages([logs(perplexity=31.9)] * 3)
    assert "`rscl` draws an anchor to 31.9 of 32.0 keys" in message
    assert "beta_unit='median'" in message


def test_a_collapse_that_lasts_is_said_once():
    assert messages([*[logs(effective_rank=1.0)] * (PATIENCE - 1), logs(), *[logs(effective_rank=1.0)] * 5]) == []
    (message,) = messages([logs(effective_rank=1.0)] * (PATIENCE + 50))
    assert "effective rank 1.00" in message


def test_too_few_samples_to_have_a_rank_warn_of_nothing():
    assert messages([logs(effective_rank=math.nan)] * (PATIENCE + 50)) == []


def test_rank_of_directions():
    assert float(effective_rank_of_directions(torch.ones(8, 3))) == pytest.approx(1, abs=1e-3)
    # Opposite directions are one: what counts is the number of dimensions.
    assert float(effective_rank_of_directions(torch.tensor([[1.0, 0.0]] * 4 + [[-3.0, 0.0]] * 4))) == pytest.approx(1)
    half = torch.tensor([[1.0, 0.0]] * 4 + [[0.0, 5.0]] * 4)
    assert float(effective_rank_of_directions(half)) == pytest.approx(2)
    values = torch.linalg.svdvals(torch.nn.functional.normalize(torch.arange(20.0).view(5, 4).sin(), dim=1))
    share = values / values.sum()
    expected = math.exp(-float((share * share.log()).sum()))
    assert float(effective_rank_of_directions(torch.arange(20.0).view(5, 4).sin())) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("z", [torch.full((8, 3), torch.nan), torch.rand(3, 3)])
def test_nothing_to_measure_is_nan(z):
    assert effective_rank_of_directions(z).isnan()
