import io

import pytest
import torch

from vlareg.cutoff import NoCutoff, SpanCutoff, TokenCutoff, ViewCutoff, base

VIEWS = [slice(1, 5), slice(5, 9)]
CUTOFFS = [ViewCutoff, TokenCutoff, SpanCutoff]


@pytest.fixture
def tokens():
    return torch.randn(16, 14, 3, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def mask():
    mask = torch.ones(16, 14, dtype=torch.bool)
    mask[:, 12:] = False
    return mask


@pytest.mark.parametrize("kind", CUTOFFS)
def test_tokens_are_kept_or_zeroed_and_what_may_not_be_read_is_left_alone(kind, tokens, mask):
    cut = kind()(tokens, mask, VIEWS)
    zeroed = (cut == 0).all(dim=-1)
    assert torch.equal(cut[~zeroed], tokens[~zeroed])
    assert zeroed.any(dim=1).all()
    assert not zeroed[~mask].any()


@pytest.mark.parametrize("kind", CUTOFFS)
def test_gradient_flows_through_what_stays(kind, tokens, mask):
    cut = kind()(tokens.requires_grad_(), mask, VIEWS)
    cut.sum().backward()
    assert torch.equal(tokens.grad, (cut != 0).float())


@pytest.mark.parametrize("kind", CUTOFFS)
def test_neither_reads_nor_moves_the_global_random_state(kind, tokens, mask):
    torch.manual_seed(0)
    state = torch.get_rng_state()
    first = kind()(tokens, mask, VIEWS)
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(1)
    assert torch.equal(kind()(tokens, mask, VIEWS), first)


@pytest.mark.parametrize("kind", CUTOFFS)
def test_seeds_and_calls_differ(kind, tokens, mask):
    cutoff = kind(seed=0)
    first, second = cutoff(tokens, mask, VIEWS), cutoff(tokens, mask, VIEWS)
    assert not torch.equal(first, second)
    assert not torch.equal(kind(seed=1)(tokens, mask, VIEWS), first)


@pytest.mark.parametrize("kind", CUTOFFS)
def test_the_cut_of_a_sample_depends_on_its_id_and_not_on_its_batch_or_rank(kind, tokens, mask, monkeypatch):
    ids = torch.arange(100, 116)
    whole = kind()(tokens, mask, VIEWS, ids)
    monkeypatch.setattr(base, "rank", lambda: 1)
    rows = torch.tensor([11, 2, 7])
    shorter = 12  # these rows are padded less in another batch
    part = kind()(tokens[rows, :shorter], mask[rows, :shorter], VIEWS, ids[rows])
    assert torch.equal(part, whole[rows, :shorter])
    assert not torch.equal(kind()(tokens, mask, VIEWS, ids + 1), whole)


@pytest.mark.parametrize("kind", CUTOFFS)
def test_without_ids_ranks_differ(kind, tokens, mask, monkeypatch):
    first = kind()(tokens, mask, VIEWS)
    monkeypatch.setattr(base, "rank", lambda: 1)
    assert not torch.equal(kind()(tokens, mask, VIEWS), first)


@pytest.mark.parametrize("kind", CUTOFFS)
def test_a_resumed_run_continues_with_the_same_cuts(kind, tokens, mask):
    cutoff, file = kind(), io.BytesIO()
    for _ in range(3):
        cutoff(tokens, mask, VIEWS)
    torch.save(cutoff.state_dict(), file)
    resumed = kind()
    resumed.load_state_dict(torch.load(io.BytesIO(file.getvalue()), weights_only=True))
    assert torch.equal(resumed(tokens, mask, VIEWS), cutoff(tokens, mask, VIEWS))


def test_calls_in_eval_mode_do_not_count(tokens, mask):
    cutoff = ViewCutoff()
    cutoff.eval()(tokens, mask, VIEWS)
    assert torch.equal(cutoff.train()(tokens, mask, VIEWS), ViewCutoff()(tokens, mask, VIEWS))


def test_even_nan_is_cut(tokens, mask):
    cut = ViewCutoff()(tokens.fill_(torch.nan), mask, VIEWS)
    assert (cut == 0).any(dim=-1).sum(dim=1).tolist() == [4] * 16


def test_no_cutoff_cuts_nothing(tokens, mask):
    assert torch.equal(NoCutoff()(tokens, mask, VIEWS), tokens)


def test_a_mask_of_another_shape_is_refused(tokens, mask):
    with pytest.raises(ValueError, match=r"`mask` must be \[16, 14\]"):
        ViewCutoff()(tokens, mask[:, 1:], VIEWS)
