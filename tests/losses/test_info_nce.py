import math

import numpy as np
import pytest
import torch

from vlareg.losses import InfoNCELoss, RSCLLoss


def reference(z, keys, temperature=0.2):
    z, keys = (np.asarray(a, dtype=np.float64) for a in (z, keys))
    scores = z @ keys.T / np.linalg.norm(z, axis=1)[:, None] / np.linalg.norm(keys, axis=1) / temperature
    return np.mean(np.log(np.exp(scores).sum(axis=1)) - np.diag(scores))


def sample(dtype=torch.float64):
    return torch.randn(2, 9, 5, generator=torch.Generator().manual_seed(0), dtype=dtype)


@pytest.mark.parametrize("temperature", [0.07, 0.2, 1.0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_equals_numpy(temperature, dtype):
    z, keys = sample(dtype)
    expected = reference(z, keys, temperature)
    assert float(InfoNCELoss(temperature)(z, keys)) == pytest.approx(expected, rel=1e-6)
    assert float(InfoNCELoss(temperature, "sum")(z, keys)) == pytest.approx(9 * expected, rel=1e-6)


def test_equal_embeddings_cost_log_n():
    z = torch.ones(9, 5)
    assert float(InfoNCELoss()(z, z)) == pytest.approx(math.log(9), abs=1e-6)


def test_orthogonal_pairs():
    expected = math.log(1 + 3 * math.exp(-5))
    assert float(InfoNCELoss()(torch.eye(4), torch.eye(4))) == pytest.approx(expected, abs=1e-6)


def test_it_is_rs_cl_at_beta_zero():
    z, keys = sample()
    states = torch.arange(9.0, dtype=torch.float64)[:, None]
    assert float(InfoNCELoss()(z, keys, states)) == pytest.approx(
        float(RSCLLoss(beta=1e-3)(z, keys, states)), abs=1e-12
    )


def test_the_floor_is_zero():
    terms = InfoNCELoss().terms(*sample())
    assert float(terms.floor) == 0
    assert float(terms.perplexity) == 1
    assert float(terms.kl) == pytest.approx(float(terms.loss))
    assert math.isnan(float(terms.beta))


def test_gradcheck():
    z, keys = (a.clone().requires_grad_() for a in sample())
    assert torch.autograd.gradcheck(InfoNCELoss(), (z, keys))


def test_autocast_changes_nothing():
    z, keys = sample(torch.float32)
    expected = InfoNCELoss()(z, keys)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(InfoNCELoss()(z, keys), expected)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda z, k: InfoNCELoss(temperature=-1.0), r"`temperature` must be > 0, but got -1\.0"),
        (lambda z, k: InfoNCELoss()(z, k[:2]), "`z` and `z_cutoff`"),
        (lambda z, k: InfoNCELoss()(z[:1], k[:1]), "at least 2 samples"),
    ],
)
def test_bad_input_is_named(make, message):
    with pytest.raises(ValueError, match=message):
        make(*sample())
