import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from vlareg.diagnose.attention_tap import AttentionTap


@pytest.fixture
def model() -> LlamaForCausalLM:
    """Return a Llama of three blocks in which two heads share a key."""
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 3, "vocab_size": 20}
    return LlamaForCausalLM(LlamaConfig(num_attention_heads=4, num_key_value_heads=2, **sizes)).eval()


@pytest.fixture
def inputs() -> dict[str, torch.Tensor]:
    """Return two rows, the second padded on the right."""
    ids = torch.randint(20, (2, 9), generator=torch.Generator().manual_seed(1))
    mask = torch.ones(2, 9, dtype=torch.bool)
    mask[1, 6:] = False
    return {"input_ids": ids, "attention_mask": mask}


ASKED = torch.zeros(2, 9, dtype=torch.bool)
ASKED[0, 4:6] = True
ASKED[1, 5] = True


def test_the_weights_are_those_of_eager_attention(model, inputs):
    with AttentionTap(model, ASKED) as tap, torch.no_grad():
        model(**inputs)
    model.set_attn_implementation("eager")
    with torch.no_grad():
        expected = model(**inputs, output_attentions=True).attentions
    assert len(tap.weights) == 3
    for found, weights in zip(tap.weights, expected, strict=True):
        by_position = weights.mean(dim=1)
        torch.testing.assert_close(found[0], by_position[0, 4:6].mean(dim=0), atol=1e-6, rtol=0)
        torch.testing.assert_close(found[1], by_position[1, 5], atol=1e-6, rtol=0)


def test_nothing_ahead_is_looked_at_and_shares_add_up(model, inputs):
    with AttentionTap(model, ASKED) as tap, torch.no_grad():
        model(**inputs)
    for weights in tap.weights:
        assert not weights[:, 6:].any()
        torch.testing.assert_close(weights.sum(dim=1), torch.ones(2))


def test_the_model_computes_the_same_and_keeps_no_hook(model, inputs):
    with torch.no_grad():
        before = model(**inputs).logits
        with AttentionTap(model, ASKED) as tap:
            during = model(**inputs).logits
        model(**inputs)
    assert torch.equal(before, during)
    assert len(tap.weights) == 3
    assert not any(block.self_attn._forward_pre_hooks for block in model.model.layers)


def test_a_row_without_a_position_is_refused(model):
    with pytest.raises(ValueError, match="`asked` must be True somewhere in every row"):
        AttentionTap(model, torch.tensor([[True, False], [False, False]]))
