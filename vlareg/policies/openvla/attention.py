"""Attention that stays fast when a model is trained on a CPU in 16 bits.

PyTorch's fused kernel for the CPU needs five to ten times as long for a 16-bit backward pass as the same formula
written out, which is more than all the rest of a small model. So there the formula is written out; everywhere else the
fused kernel runs.
"""

from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from transformers import AttentionInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import AttentionMaskInterface, sdpa_mask

ATTENTION = "vlareg_sdpa"
"""Name of this attention in transformers."""


def fused_is_slow(x: Tensor) -> bool:
    """Return whether the fused kernel is the wrong choice for what is computed from a tensor."""
    if x.device.type != "cpu" or not torch.is_grad_enabled():
        return False
    dtype = torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else x.dtype
    return dtype.itemsize < 4


def attend(
    module: nn.Module,
    query: Float[Tensor, "batch heads queries dim"],
    key: Float[Tensor, "batch kv_heads keys dim"],
    value: Float[Tensor, "batch kv_heads keys dim"],
    attention_mask: Bool[Tensor, "batch 1 queries keys"] | None,
    scaling: float | None = None,
    **kwargs: Any,
) -> tuple[Float[Tensor, "batch queries heads dim"], None]:
    """Attend, by the signature of transformers' attention functions.

    Args:
        module: The attention module.
        query: Queries.
        key: Keys.
        value: Values.
        attention_mask: True where a query sees a key; None for a causal mask.
        scaling: Factor of the scores, 1/sqrt(dim) if None.
        **kwargs: What transformers passes to every attention function.
    """
    if kwargs.get("dropout") or not fused_is_slow(query):
        out: Tensor = sdpa_attention_forward(module, query, key, value, attention_mask, scaling=scaling, **kwargs)[0]
        return out, None
    groups = query.shape[1] // key.shape[1]
    key, value = (key, value) if groups == 1 else (x.repeat_interleave(groups, dim=1) for x in (key, value))
    return _written_out(query, key, value, attention_mask, scaling or query.shape[-1] ** -0.5).transpose(1, 2), None


def _written_out(
    query: Float[Tensor, "batch heads queries dim"],
    key: Float[Tensor, "batch heads keys dim"],
    value: Float[Tensor, "batch heads keys dim"],
    mask: Bool[Tensor, "batch 1 queries keys"] | None,
    scaling: float,
) -> Float[Tensor, "batch heads queries dim"]:
    # Autocast would compute the softmax in 32 bits; its input has 16 bits and its sum is in 32 bits anyway.
    with torch.autocast(device_type="cpu", enabled=False):
        scores = (query * scaling).to(value.dtype) @ key.to(value.dtype).transpose(-1, -2)
        if mask is None:
            mask = torch.ones(scores.shape[-2:], dtype=torch.bool).tril(scores.shape[-1] - scores.shape[-2])
        hidden = torch.zeros_like(mask, dtype=scores.dtype).masked_fill_(~mask, torch.finfo(scores.dtype).min)
        return torch.softmax(scores + hidden, dim=-1) @ value


AttentionInterface.register(ATTENTION, attend)
AttentionMaskInterface.register(ATTENTION, sdpa_mask)
