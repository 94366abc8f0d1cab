"""Greedy decoding of right-padded prompts, each row as if it were alone."""

from typing import Protocol

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional as F
from transformers import DynamicCache, LlamaForCausalLM

from vlareg.shapes import TokenIds, TokenMask


class Decode(Protocol):
    """How tokens are decoded: `decode_greedily`, or a `StaticDecoder`."""

    def __call__(
        self,
        model: LlamaForCausalLM,
        embeddings: Float[Tensor, "batch sequence hidden"],
        mask: Bool[Tensor, "batch sequence"],
        num_tokens: int,
        allowed_ids: range,
    ) -> Int[Tensor, "batch new_tokens"]:
        """Return the tokens that follow prompts."""


def append_token(
    input_ids: TokenIds, attention_mask: TokenMask, token: int, pad: int
) -> tuple[Int[Tensor, "batch longer"], Bool[Tensor, "batch longer"]]:
    """Append a token, and its place in the mask, to the rows that do not end in it.

    Args:
        input_ids: Prompts, right-padded.
        attention_mask: True at tokens, False at padding.
        token: The token.
        pad: What stands at padding.

    Example:
        >>> ids, mask = append_token(torch.tensor([[1, 5], [1, 0]]), torch.tensor([[True, True], [True, False]]), 5, 0)
        >>> ids.tolist(), mask.tolist()
        ([[1, 5, 0], [1, 5, 0]], [[True, True, False], [True, True, False]])
    """
    lengths = attention_mask.sum(dim=1, keepdim=True)
    absent = input_ids.gather(1, lengths - 1) != token
    if not absent.any():
        return input_ids, attention_mask
    ids = F.pad(input_ids, (0, 1), value=pad)
    mask = F.pad(attention_mask, (0, 1), value=False)
    ids = ids.scatter(1, lengths, torch.where(absent, token, ids.gather(1, lengths)))
    return ids, mask.scatter(1, lengths, absent)


@torch.no_grad()
def decode_greedily(
    model: LlamaForCausalLM,
    embeddings: Float[Tensor, "batch sequence hidden"],
    mask: Bool[Tensor, "batch sequence"],
    num_tokens: int,
    allowed_ids: range,
) -> Int[Tensor, "batch new_tokens"]:
    """Decode with a cache: the prompt is read once, then one token a step.

    New tokens stand behind the padding in the cache, which no query sees, but at the positions that follow the prompt.

    Args:
        model: The language model.
        embeddings: Prompts, right-padded.
        mask: True at tokens, False at padding.
        num_tokens: Number of tokens to decode.
        allowed_ids: Ids to choose among.
    """
    rows = torch.arange(len(mask), device=mask.device)
    lengths = mask.sum(dim=1)
    cache, generated = DynamicCache(), []
    inputs: dict[str, Tensor] = {"inputs_embeds": embeddings}
    for step in range(num_tokens):
        output = model.model(**inputs, attention_mask=mask, past_key_values=cache, use_cache=True)
        last = output.last_hidden_state[rows, lengths - 1 if step == 0 else 0]
        logits = model.lm_head(last)[:, allowed_ids.start : allowed_ids.stop]
        generated.append(logits.argmax(dim=-1) + allowed_ids.start)
        inputs = {"input_ids": generated[-1][:, None], "position_ids": (lengths + step)[:, None]}
        mask = F.pad(mask, (0, 1), value=True)
    return torch.stack(generated, dim=1)
