import pytest
import torch

from vlareg.regularizers import SummaryAdapter


@pytest.fixture(params=[1, 3])
def adapter(request):
    torch.manual_seed(0)
    return SummaryAdapter(dim=8, width=16, depth=request.param, heads=4)


def test_positions_out_of_the_mask_do_not_matter(adapter):
    tokens, mask = torch.randn(3, 6, 8), torch.arange(6) < torch.tensor([[6], [4], [1]])
    changed = torch.where(mask[..., None], tokens, 100 * torch.randn(3, 6, 8))
    torch.testing.assert_close(adapter(changed, mask), adapter(tokens, mask), rtol=0, atol=0)
    assert not torch.allclose(adapter(tokens, torch.ones_like(mask))[1:], adapter(tokens, mask)[1:])


def test_the_length_of_the_padding_does_not_matter(adapter):
    tokens, mask = torch.randn(3, 6, 8), torch.ones(3, 6, dtype=torch.bool)
    longer = torch.nn.functional.pad(tokens, (0, 0, 0, 5)), torch.nn.functional.pad(mask, (0, 5))
    torch.testing.assert_close(adapter(*longer), adapter(tokens, mask))


def test_every_readable_token_and_every_parameter_gets_gradient(adapter):
    tokens, mask = torch.randn(3, 6, 8, requires_grad=True), torch.arange(6) < torch.tensor([[6], [4], [1]])
    adapter(tokens, mask).square().sum().backward()
    assert torch.equal(tokens.grad.abs().sum(dim=-1) > 0, mask)
    assert all(p.grad is not None for p in adapter.parameters())


def test_hidden_states_of_half_precision_are_taken(adapter):
    assert adapter(torch.randn(2, 3, 8).bfloat16(), torch.ones(2, 3, dtype=torch.bool)).dtype == torch.float32


def test_works_under_autocast(adapter):
    tokens, mask = torch.randn(2, 3, 8), torch.ones(2, 3, dtype=torch.bool)
    expected = adapter(tokens, mask)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        summary = adapter(tokens, mask)
    torch.testing.assert_close(summary.float(), expected, atol=0.1, rtol=0.1)


@pytest.mark.parametrize(
    ("sizes", "message"),
    [({"dim": 0}, "`dim`"), ({"depth": 0}, "`depth`"), ({"width": 10, "heads": 4}, "`heads` must divide `width`")],
)
def test_sizes_are_checked(sizes, message):
    with pytest.raises(ValueError, match=message):
        SummaryAdapter(**{"dim": 8, **sizes})
