import itertools
import math

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from vlareg.losses import Frames, InfoNCELoss, PoseDistance, RSCLLoss


def state_distances(states, distance):
    """Euclidean over everything, or over all but the rotation, whose angle scipy gives."""
    if distance is None:
        return np.linalg.norm(states[:, None] - states[None], axis=-1)
    first, second = states[:, 3:6], states[:, 6:9]
    rotations = Rotation.from_matrix(np.stack([first, second, np.cross(first, second)], axis=-1))
    angles = np.array([[(a.inv() * b).magnitude() for b in rotations] for a in rotations])
    rest = np.delete(states, range(3, 9), axis=1)
    return np.sqrt(((rest[:, None] - rest[None]) ** 2).sum(axis=-1) + (angles / distance.unit) ** 2)


def entropy(weights):
    return -(weights * np.log(np.where(weights > 0, weights, 1))).sum(axis=1).mean()


def soft_weights(distances, compared, beta, beta_unit):
    def weights(beta):
        raw = np.exp(-distances / beta) * compared
        return raw / raw.sum(axis=1, keepdims=True)

    if beta_unit == "median":
        pairs = np.sort(distances[np.triu(compared, 1)])
        beta = beta * pairs[(len(pairs) - 1) // 2]
    if beta_unit == "perplexity":
        low, high = 1e-4, 1e4
        for _ in range(100):
            middle = math.sqrt(low * high)
            low, high = (low, middle) if math.exp(entropy(weights(middle))) > beta else (middle, high)
        beta = high
    return weights(beta)


def reference(
    z,
    z_cutoff,
    states,
    frames=None,
    temperature=0.2,
    beta=1.0,
    reduction="mean",
    beta_unit="absolute",
    distance=None,
    include_self=True,
    stop_gradient=False,
    symmetric=False,
    exclude_steps=0,
):
    """The paper's equation in float64 with every option: loss and entropy of the weights."""
    z, z_cutoff, states = (np.asarray(a.detach(), dtype=np.float64) for a in (z, z_cutoff, states))
    compared = np.ones((len(z), len(z)), dtype=bool)
    if exclude_steps:
        episodes, steps = (part.numpy() for part in frames)
        compared = (episodes[:, None] != episodes) | (np.abs(steps[:, None] - steps) > exclude_steps)
    np.fill_diagonal(compared, include_self)
    weights = soft_weights(state_distances(states, distance), compared, beta, beta_unit)
    losses = []
    for anchors, keys in [(z, z_cutoff), (z_cutoff, z)][: 1 + symmetric]:
        anchors, keys = (a / np.linalg.norm(a, axis=1, keepdims=True) for a in (anchors, keys))
        scores = anchors @ keys.T / temperature
        log_p = scores - np.log((np.exp(scores) * compared).sum(axis=1, keepdims=True))
        losses.append(-(weights * log_p).sum(axis=1))
    loss = np.mean(losses, axis=0)
    return (loss.mean() if reduction == "mean" else loss.sum()), entropy(weights)


def sample(batch=12, dim=6, dtype=torch.float64, seed=0):
    generator = torch.Generator().manual_seed(seed)
    z, z_cutoff = torch.randn(2, batch, dim, generator=generator, dtype=dtype)
    states = torch.rand(batch, 10, generator=generator, dtype=dtype)
    matrices = Rotation.random(batch, random_state=seed).as_matrix()
    states[:, 3:9] = torch.from_numpy(np.concatenate([matrices[:, :, 0], matrices[:, :, 1]], axis=1))
    return z, z_cutoff, states


def frames(batch=12):
    """Two interleaved episodes, so that both near and far frames of either are among any 5."""
    return Frames(torch.arange(batch) % 2, torch.arange(batch) // 2)


BETAS = [
    {},
    {"beta": 0.1},
    {"beta_unit": "median", "beta": 0.25},
    {"beta_unit": "median", "beta": 2.0},
    {"beta_unit": "perplexity", "beta": 1.5},
]
FORMS = [
    {},
    {"temperature": 0.07},
    {"reduction": "sum", "temperature": 1.0},
    {"distance": PoseDistance()},
    {"distance": PoseDistance(unit=0.3)},
    {"include_self": False},
    {"symmetric": True},
    {"stop_gradient": True},
    {"exclude_steps": 2},
    {"exclude_steps": 1, "include_self": False, "symmetric": True, "stop_gradient": True, "reduction": "sum"},
]
OPTIONS = [{**beta, **form} for beta, form in itertools.product(BETAS, FORMS)]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("batch", [12, 33])
def test_equals_the_paper_in_numpy(options, dtype, batch):
    inputs = (*sample(batch, dtype=dtype), frames(batch))
    terms = RSCLLoss(**options).terms(*inputs)
    loss, floor = reference(*inputs, **options)
    assert float(terms.loss) == pytest.approx(loss, rel=1e-6, abs=1e-6)
    assert float(terms.floor) == pytest.approx(floor, abs=1e-6)
    mean, _ = reference(*inputs, **{**options, "reduction": "mean"})
    assert float(terms.kl) == pytest.approx(mean - floor, abs=2e-6)
    assert float(terms.perplexity) == pytest.approx(math.exp(floor), rel=1e-5)


def test_two_samples_are_enough():
    inputs = sample(2)
    assert float(RSCLLoss()(*inputs)) == pytest.approx(reference(*inputs)[0], abs=1e-9)


def test_equal_embeddings_cost_log_n_whatever_the_weights():
    _, _, states = sample()
    z = torch.ones(12, 6)
    assert float(RSCLLoss(beta=0.1)(z, 3 * z, states)) == pytest.approx(math.log(12), abs=1e-6)
    assert float(RSCLLoss(beta=0.1, include_self=False)(z, z, states)) == pytest.approx(math.log(11), abs=1e-6)


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
    log_weights = loss.targets(states, torch.ones(3, 3, dtype=torch.bool)).weights.log()
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


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
@pytest.mark.parametrize("perplexity", [1.2, 4.0, 11.5])
def test_the_wanted_perplexity_is_met_at_any_spread_of_the_states(perplexity, scale):
    z, z_cutoff, states = sample()
    terms = RSCLLoss(beta=perplexity, beta_unit="perplexity").terms(z, z_cutoff, scale * states)
    assert float(terms.perplexity) == pytest.approx(perplexity, rel=1e-4)


@pytest.mark.parametrize("perplexity", [12.5, 1.05])
def test_a_perplexity_out_of_reach_is_refused(perplexity):
    z, z_cutoff, states = sample()
    states[6:] = states[:6]  # each state twice: no fewer than 2 keys
    with pytest.raises(ValueError, match="cannot give a perplexity"):
        RSCLLoss(beta=perplexity, beta_unit="perplexity")(z, z_cutoff, states)


def test_near_frames_of_an_episode_are_not_compared():
    z, z_cutoff, states = sample()
    where = frames()
    loss = RSCLLoss(exclude_steps=1)
    expected = loss(z, z_cutoff, states, where)
    # Sample 2 is one step from 0 and 4 in its episode; moving its key must change others' losses only.
    assert float(loss.terms(z, z_cutoff, states, where).keys) == pytest.approx(12 - 2 * 10 / 12)
    moved = z_cutoff.clone()
    moved[2] += 1
    single = [RSCLLoss(exclude_steps=1, reduction="sum")(z, key, states, where) for key in (z_cutoff, moved)]
    assert not torch.equal(*single)
    elsewhere = Frames(torch.arange(12), where.steps)
    assert not torch.equal(expected, loss(z, z_cutoff, states, elsewhere))
    assert torch.equal(RSCLLoss()(z, z_cutoff, states), loss(z, z_cutoff, states, elsewhere))


@pytest.mark.parametrize("loss", [RSCLLoss(exclude_steps=10), InfoNCELoss(exclude_steps=10)])
def test_a_batch_without_anything_to_compare_is_refused(loss):
    z, z_cutoff, states = sample(4)
    where = Frames(torch.zeros(4, dtype=torch.int64), torch.arange(4))
    with pytest.raises(ValueError, match="leave nothing to compare an anchor with"):
        loss(z, z_cutoff, states if loss.uses_states else None, where)


def test_excluded_keys_get_no_gradient_from_their_neighbours():
    z, z_cutoff, states = sample(4)
    where = Frames(torch.zeros(4, dtype=torch.int64), torch.tensor([0, 1, 10, 20]))
    z_cutoff.requires_grad_()
    # Of the first anchor alone: only its own row of the loss depends on it.
    z = z.requires_grad_()
    loss = RSCLLoss(exclude_steps=1)(z, z_cutoff, states, where)
    (gradient,) = torch.autograd.grad(loss, z, create_graph=True)
    (second,) = torch.autograd.grad(gradient[0].sum(), z_cutoff)
    assert second[1].abs().max() == 0
    assert second[2].abs().max() > 0


def test_keys_without_gradient():
    z, z_cutoff, states = (a.requires_grad_() for a in sample())
    RSCLLoss(stop_gradient=True)(z, z_cutoff, states).backward()
    assert z_cutoff.grad is None
    assert z.grad.abs().sum() > 0
    RSCLLoss(stop_gradient=True, symmetric=True)(z, z_cutoff, states).backward()
    assert z_cutoff.grad.abs().sum() > 0


def test_both_directions_are_one_when_symmetric():
    z, z_cutoff, states = sample()
    loss = RSCLLoss(symmetric=True)
    assert float(loss(z, z_cutoff, states)) == pytest.approx(float(loss(z_cutoff, z, states)), abs=1e-12)
    there, back = RSCLLoss()(z, z_cutoff, states), RSCLLoss()(z_cutoff, z, states)
    assert float(loss(z, z_cutoff, states)) == pytest.approx(float(there + back) / 2, abs=1e-12)


def test_cosines_alignment_and_uniformity_are_those_of_anchors_and_keys():
    z, z_cutoff, states = sample()
    cosines = torch.nn.functional.cosine_similarity(z[:, None], z_cutoff[None], dim=-1)
    others = ~torch.eye(12, dtype=torch.bool)
    loss = RSCLLoss()
    terms = loss.terms(z, z_cutoff, states)
    assert float(terms.positive_cosine) == pytest.approx(float(cosines.diagonal().mean()))
    assert float(terms.negative_cosine) == pytest.approx(float(cosines[others].mean()))
    unit, unit_cutoff = (torch.nn.functional.normalize(a, dim=1) for a in (z, z_cutoff))
    squared = (unit[:, None] - unit_cutoff[None]).square().sum(dim=-1)
    weights = loss.targets(states, torch.ones(12, 12, dtype=torch.bool)).weights
    assert float(terms.alignment) == pytest.approx(float((weights * squared).sum(dim=1).mean()))
    assert float(terms.uniformity) == pytest.approx(float((-2 * squared[others]).exp().mean().log()))
    assert float(terms.keys) == 12


@pytest.mark.parametrize("form", [f for f in FORMS if "stop_gradient" not in f], ids=str)
def test_gradients_are_right_on_both_sides_and_none_reaches_the_states(form):
    z, z_cutoff, states = (a.requires_grad_() for a in sample(5, 4))
    loss = RSCLLoss(**{"beta": 0.3, **form})
    assert torch.autograd.gradcheck(lambda a, b: loss(a, b, states, frames(5)), (z, z_cutoff))
    loss(z, z_cutoff, states, frames(5)).backward()
    assert states.grad is None
    assert z.grad is not None
    assert z_cutoff.grad is not None


def test_only_the_loss_carries_gradient():
    z, z_cutoff, states = sample()
    terms = RSCLLoss().terms(z.requires_grad_(), z_cutoff, states)
    assert [name for name, value in terms._asdict().items() if value.requires_grad] == ["loss"]


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_autocast_changes_nothing(form):
    inputs = (*sample(dtype=torch.float32), frames())
    expected = RSCLLoss(**form)(*inputs)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = RSCLLoss(**form)(*inputs)
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
        ({"temperature": -1.0}, r"`temperature` must be > 0, but got -1\.0"),
        ({"temperature": math.nan}, "`temperature`"),
        ({"beta": -1.0}, r"`beta` must be > 0, but got -1\.0"),
        ({"beta": math.inf}, "`beta` must be > 0, but got inf"),
        ({"beta": 1.0, "beta_unit": "perplexity"}, r"`beta` must be > 1, but got 1\.0"),
        ({"reduction": "none"}, "`reduction`"),
        ({"beta_unit": "metres"}, "`beta_unit`"),
        ({"exclude_steps": -1}, "`exclude_steps` must be >= 0"),
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
        (lambda z, c, q: (z, c, q, Frames(torch.arange(3), torch.arange(12))), "`frames` must hold 12"),
    ],
)
def test_bad_input_is_named(change, message):
    with pytest.raises(ValueError, match=message):
        RSCLLoss()(*change(*sample()))


def test_exclusion_needs_frames_and_leaves_something():
    inputs = sample()
    with pytest.raises(ValueError, match="`frames` are needed"):
        RSCLLoss(exclude_steps=1)(*inputs)
    one_place = Frames(torch.zeros(12, dtype=torch.int64), torch.arange(12))
    with pytest.raises(ValueError, match="leave nothing to compare"):
        RSCLLoss(exclude_steps=20, include_self=False)(*inputs, one_place)


def test_mostly_equal_states_have_no_median_distance():
    z, z_cutoff, states = sample()
    states[2:] = states[2]
    assert torch.isfinite(RSCLLoss()(z, z_cutoff, states))
    with pytest.raises(ValueError, match="mostly equal"):
        RSCLLoss(beta_unit="median")(z, z_cutoff, states)


def test_nan_embeddings_give_nan():
    z, z_cutoff, states = sample()
    assert torch.isnan(RSCLLoss()(z * math.nan, z_cutoff, states))
