import dataclasses
import io

import pytest
import torch
import torch.distributed as dist

from tests.regularizers.toy import DIM, LAYERS, ToyPolicy, make_batch
from tests.two_ranks import on_two_ranks
from vlareg.cutoff import NoCutoff, TokenCutoff
from vlareg.losses import ContrastiveTerms, InfoNCELoss
from vlareg.regularizers import RSCL, MLPProjector, SummaryAdapter


def make(**parts):
    torch.manual_seed(1)
    small = {"adapter": SummaryAdapter(DIM, width=16), "projector": MLPProjector(16, 8, hidden_dim=32)}
    return RSCL(f"{LAYERS}.1", dim=DIM, **{**small, **parts})


def run(rscl, policy, batch):
    with rscl.watch(policy):
        policy(**batch.model_inputs())
    return rscl(batch)


@pytest.fixture
def policy():
    torch.manual_seed(0)
    return ToyPolicy()


def test_loss_is_that_of_its_parts(policy):
    rscl, batch = make(cutoff=NoCutoff()), make_batch()
    result = run(rscl, policy, batch)
    with rscl.watch(policy):
        policy(**batch.model_inputs())
    z = rscl.represent(rscl._features[f"{LAYERS}.1"], batch.condition_mask)
    torch.testing.assert_close(result.loss, rscl.loss(z, z, rscl.states(batch.proprio)))
    assert float(result.logs["kl"]) == pytest.approx(float(result.loss.detach() - result.logs["floor"]), abs=1e-6)
    assert float(result.logs["positive_cosine"]) == pytest.approx(1, abs=1e-5)
    assert set(result.logs) == {*ContrastiveTerms._fields, "effective_rank"}
    assert not any(value.requires_grad for value in result.logs.values())


def test_action_tokens_do_not_change_z(policy):
    rscl, batch = make(), make_batch()
    answers = batch.labels != -100
    other = dataclasses.replace(
        batch,
        input_ids=torch.where(answers, (batch.input_ids + 7) % 20, batch.input_ids),
        labels=torch.where(answers, (batch.input_ids + 7) % 20, batch.labels),
    )
    another_prompt = dataclasses.replace(
        batch, input_ids=torch.where(answers, batch.input_ids, batch.input_ids.roll(1, 0))
    )

    def z(batch):
        with rscl.watch(policy):
            policy(**batch.model_inputs())
        return rscl.represent(rscl._features[f"{LAYERS}.1"], batch.condition_mask)

    assert torch.equal(z(other), z(batch))
    assert not torch.allclose(z(another_prompt), z(batch))


def test_the_policy_runs_once_and_learns_up_to_the_layer(policy):
    rscl = make()
    run(rscl, policy, make_batch()).loss.backward()
    assert policy.calls == 1
    blocks = policy.language_model["model"]["layers"]
    assert policy.vision.weight.grad.abs().sum() > 0
    assert all(block.linear.weight.grad.abs().sum() > 0 for block in blocks[:2])
    assert blocks[2].linear.weight.grad is None
    assert all(p.grad is not None for p in rscl.parameters())


def test_the_cut_copy_is_of_the_same_tokens(policy):
    seen = []

    class Spy(TokenCutoff):
        def forward(self, tokens, mask, view_slices, sample_ids):
            seen.append((tokens, mask, view_slices, sample_ids))
            return super().forward(tokens, mask, view_slices, sample_ids)

    rscl, batch = make(cutoff=Spy()), make_batch()
    run(rscl, policy, batch)
    tokens, mask, slices, ids = seen[0]
    assert tokens.grad_fn is not None
    assert torch.equal(mask, batch.condition_mask)
    assert slices == (slice(1, 5), slice(5, 9))
    assert torch.equal(ids, batch.sample_ids)


def test_what_there_is_to_learn_is_learned(policy):
    rscl, batch = make(), make_batch(size=16)
    optimizer = torch.optim.Adam([*policy.parameters(), *rscl.parameters()], lr=3e-3)
    kls = []
    for _ in range(60):
        result = run(rscl, policy, batch)
        optimizer.zero_grad()
        result.loss.backward()
        optimizer.step()
        kls.append(float(result.logs["kl"]))
    assert sum(kls[-5:]) / 5 < 0.5 * kls[0]


def test_a_checkpoint_continues_with_the_same_cuts(policy):
    rscl, batch, file = make(), make_batch(), io.BytesIO()
    for _ in range(3):
        run(rscl, policy, batch)
    torch.save(rscl.state_dict(), file)
    resumed = make()
    resumed.load_state_dict(torch.load(io.BytesIO(file.getvalue()), weights_only=True))
    assert torch.equal(run(resumed, policy, batch).loss, run(rscl, policy, batch).loss)


def test_the_calibrated_target_is_neither_one_key_nor_all(policy):
    logs = run(make(), policy, make_batch(size=32)).logs
    assert 1.5 < float(logs["perplexity"]) < 0.5 * 32


def test_plain_info_nce_fits_in(policy):
    logs = run(make(loss=InfoNCELoss()), policy, make_batch()).logs
    assert float(logs["floor"]) == 0


def test_default_sizes_are_those_of_the_paper():
    rscl = RSCL("layers.1", dim=DIM)
    widths = [tuple(layer.weight.shape) for layer in rscl.projector.layers if hasattr(layer, "weight")]
    assert widths == [(2048, 256), (128, 2048)]
    assert (rscl.name, rscl.weight(0, 10), rscl.weight(10, 10)) == ("rscl", 1.0, 0.0)


def test_one_view_asks_for_another_cutoff(policy):
    batch = make_batch(views=1)
    with pytest.raises(ValueError, match="TokenCutoff or SpanCutoff"):
        run(make(), policy, batch)
    assert torch.isfinite(run(make(cutoff=TokenCutoff()), policy, batch).loss)


@pytest.mark.parametrize(
    ("value", "message"), [(torch.nan, "`states` hold NaN"), (0.1, "`states` are constant")], ids=["nan", "constant"]
)
def test_states_that_say_nothing_are_refused(policy, value, message):
    batch = dataclasses.replace(make_batch(), proprio=torch.full((8, 8), value))
    with pytest.raises(ValueError, match=message):
        run(make(), policy, batch)


def half(batch, own):
    values = {f.name: getattr(batch, f.name) for f in dataclasses.fields(batch)}
    return dataclasses.replace(batch, **{k: v[own] for k, v in values.items() if isinstance(v, torch.Tensor)})


def gradients(own=slice(None)):
    torch.manual_seed(0)
    policy = ToyPolicy()
    rscl = make(cutoff=NoCutoff())
    loss = run(rscl, policy, half(make_batch(size=9), own)).loss
    loss.backward()
    return [loss.detach(), policy.vision.weight.grad, rscl.adapter.summary.grad]


def averaged_over_ranks():
    results = gradients(slice(0, 4) if dist.get_rank() == 0 else slice(4, None))
    for tensor in results:
        dist.all_reduce(tensor)
        tensor /= 2
    return results


def test_two_ranks_equal_one_process():
    """States are scaled, beta is calibrated and keys are gathered over all ranks."""
    for result in on_two_ranks(averaged_over_ranks):
        torch.testing.assert_close(result, gradients(), rtol=1e-4, atol=1e-6)
