import math

import numpy as np
import pytest
import torch

from vlareg.losses import RSCLLoss


def reference(z, z_cutoff, states, temperature=0.2, beta=1.0, reduction="mean", beta_unit="absolute"):
    """The paper's equation in float64: loss and entropy of the weights."""
    z, z_cutoff, states = (np.asarray(a.detach(), dtype=np.float64) for a in (z, z_cutoff, states))
    distances = np.linalg.norm(states[:, None] - states[None], axis=-1)
    if beta_unit == "median":
        pairs = np.sort(distances[np.triu_indices(len(distances), 1)])
        beta = beta * pairs[(len(pairs) - 1) // 2]
    weights = np.exp(-distances / beta)
    weights /= weights.sum(axis=1, keepdims=True)
    unit = [a / np.linalg.norm(a, axis=1, keepdims=True) for a in (z, z_cutoff)]
    scores = unit[0] @ unit[1].T / temperature
    log_p = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    losses = -(weights * log_p).sum(axis=1)
    entropy = -(weights * np.log(weights)).sum(axis=1).mean()
    return (losses.mean() if reduction == "mean" else losses.sum()), entropy


def sample(batch=12, dim=6, dtype=torch.float64, seed=0):
    generator = torch.Generator().manual_seed(seed)
    z, z_cutoff = torch.randn(2, batch, dim, generator=generator, dtype=dtype)
    return z, z_cutoff, torch.rand(batch, 10, generator=generator, dtype=dtype)


OPTIONS = [
    {},
    {"temperature": 0.07},
    {"beta": 0.1},
    {"reduction": "sum"},
    {"beta_unit": "median", "beta": 0.25},
    {"beta_unit": "median", "beta": 2.0, "reduction": "sum", "temperature": 1.0},
]


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("batch", [2, 12, 33])
def test_equals_the_paper_in_numpy(options, dtype, batch):
    inputs = sample(batch, dtype=dtype)
    terms = RSCLLoss(**options).terms(*inputs)
    loss, floor = reference(*inputs, **options)
    assert float(terms.loss) == pytest.approx(loss, rel=1e-6, abs=1e-6)
    assert float(terms.floor) == pytest.approx(floor, abs=1e-6)
    mean, _ = reference(*inputs, **{**options, "reduction": "mean"})
    assert float(terms.kl) == pytest.approx(mean - floor, abs=2e-6)
    assert float(terms.perplexity) == pytest.approx(math.exp(floor), rel=1e-5)


def test_equal_embeddings_cost_log_n_whatever_the_weights():
    _, _, states = sample()
    z = torch.ones(12, 6)
    assert float(RSCLLoss(beta=0.1)(z, 3 * z, states)) == pytest.approx(math.log(12), abs=1e-6)


def test_nearly_equal_weights_leave_nothing_to_learn_but_equality():
    z, _, states = sample()
    terms = RSCLLoss(beta=1e6).terms(z, torch.ones_like(z), states)
    assert float(terms.floor) == pytest.approx(math.log(12), abs=1e-6)
    assert float(terms.kl) == pytest.approx(0, abs=1e-6)
    assert float(terms.perplexity) == pytest.approx(12, abs=1e-4)


def test_the_floor_is_reached_by_the_weights_own_logits():
    # Keys in a basis, anchors in proportion to the log-weights: the softmax is the weights themselves.
    states = torch.tensor([[0.0], [0.4], [1.0]], dtype=torch.float64)
    loss = RSCLLoss(temperature=1.0)
    log_weights = loss.targets(states, 3).weights.log()
    # A common shift per row makes each row's norm 1 without changing its softmax; the basis has room for it.
    keys = torch.eye(3, dtype=torch.float64)
    terms = loss.terms(torch.eye(3, dtype=torch.float64) + log_weights, keys, states)
    assert float(terms.kl) >= 0
    centred = log_weights - log_weights.mean(dim=1, keepdim=True)
    rest = (1 - centred.square().sum(dim=1)).sqrt()
    anchors = torch.cat([centred, rest[:, None]], dim=1)
    keys = torch.nn.functional.pad(keys, (0, 1))
    assert float(loss.terms(anchors, keys, states).kl) == pytest.approx(0, abs=1e-12)


def test_the_median_of_the_distances_is_the_unit_of_beta():
    z, z_cutoff, states = sample()
    expected = RSCLLoss(beta=0.3, beta_unit="median")(z, z_cutoff, states)
    rescaled = RSCLLoss(beta=0.3, beta_unit="median")(z, z_cutoff, 1000 * states)
    assert float(rescaled) == pytest.approx(float(expected), abs=1e-9)
    assert float(RSCLLoss(beta=2.0, beta_unit="median").terms(z, z_cutoff, states).beta) == pytest.approx(
        2 * float(torch.pdist(states).median())
    )


def test_cosines_are_those_of_own_and_other_keys():
    z, z_cutoff, states = sample()
    cosines = torch.nn.functional.cosine_similarity(z[:, None], z_cutoff[None], dim=-1)
    terms = RSCLLoss().terms(z, z_cutoff, states)
    assert float(terms.positive_cosine) == pytest.approx(float(cosines.diagonal().mean()))
    assert float(terms.negative_cosine) == pytest.approx(float(cosines[~torch.eye(12, dtype=torch.bool)].mean()))


def test_gradients_are_right_on_both_sides_and_none_reaches_the_states():
    z, z_cutoff, states = (a.requires_grad_() for a in sample(5, 4))
    assert torch.autograd.gradcheck(lambda a, b: RSCLLoss(beta=0.3)(a, b, states), (z, z_cutoff))
    RSCLLoss()(z, z_cutoff, states).backward()
    assert states.grad is None
    assert z.grad is not None
    assert z_cutoff.grad is not None


def test_only_the_loss_carries_gradient():
    z, z_cutoff, states = sample()
    terms = RSCLLoss().terms(z.requires_grad_(), z_cutoff, states)
    assert [name for name, value in terms._asdict().items() if value.requires_grad] == ["loss"]


def test_autocast_changes_nothing():
    inputs = sample(dtype=torch.float32)
    expected = RSCLLoss()(*inputs)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = RSCLLoss()(*inputs)
    assert loss.dtype == torch.float32
    assert torch.equal(loss, expected)


def test_bfloat16_input_is_computed_in_float32():
    z, z_cutoff, states = sample(dtype=torch.float32)
    loss = RSCLLoss()(z.bfloat16(), z_cutoff.bfloat16(), states)
    expected, _ = reference(z.bfloat16().float(), z_cutoff.bfloat16().float(), states)
    assert float(loss) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"temperature": 0.0}, r"`temperature` must be > 0, but got 0\.0"),
        ({"temperature": math.nan}, "`temperature`"),
        ({"beta": -1.0}, r"`beta` must be > 0, but got -1\.0"),
        ({"reduction": "none"}, "`reduction`"),
        ({"beta_unit": "metres"}, "`beta_unit`"),
    ],
)
def test_bad_arguments_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        RSCLLoss(**options)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda z, c, q: (z, c[:3], q), "`z` and `z_cutoff`"),
        (lambda z, c, q: (z[0], c[0], q), "`z` and `z_cutoff`"),
        (lambda z, c, q: (z, c, q[:3]), r"`states` must be \[12, state_dim\]"),
        (lambda z, c, q: (z, c, None), "`states` are missing"),
        (lambda z, c, q: (z, c, q * math.nan), "`states` hold NaN"),
        (lambda z, c, q: (z, c, torch.ones_like(q)), "`states` are constant"),
        (lambda z, c, q: (z[:1], c[:1], q[:1]), "at least 2 samples"),
    ],
)
def test_bad_input_is_named(change, message):
    with pytest.raises(ValueError, match=message):
        RSCLLoss()(*change(*sample()))


def test_mostly_equal_states_have_no_median_distance():
    z, z_cutoff, states = sample()
    states[2:] = states[2]
    assert torch.isfinite(RSCLLoss()(z, z_cutoff, states))
    with pytest.raises(ValueError, match="mostly equal"):
        RSCLLoss(beta_unit="median")(z, z_cutoff, states)


def test_nan_embeddings_give_nan():
    z, z_cutoff, states = sample()
    assert torch.isnan(RSCLLoss()(z * math.nan, z_cutoff, states))
