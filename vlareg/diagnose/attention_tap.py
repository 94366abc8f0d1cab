"""Read a Llama's attention weights while it runs, from its own queries and keys and without a change to it."""

from types import TracebackType
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle
from transformers import LlamaForCausalLM
from transformers.models.llama.modeling_llama import apply_rotary_pos_emb

from vlareg.functional.precision import full_precision
from vlareg.shapes import TokenMask


class AttentionTap:
    """Keep, of every block, the attention of some positions to all positions, as a mean over heads and these positions.

    Fused attention kernels never make the weights, and the kernel that does would change what the model computes. So they are
    computed a second time from what the attention module is given. Attention is causal; padding stands on the right, behind
    all positions that may be asked about.

    Args:
        model: The language model.
        asked: True at the positions whose attention is kept, at least one in each row.

    Raises:
        ValueError: If a row has no such position.
    """

    def __init__(self, model: LlamaForCausalLM, asked: TokenMask) -> None:
        if not bool(asked.any(dim=1).all()):
            raise ValueError("`asked` must be True somewhere in every row, but a row has no such position.")
        self._modules = [block.self_attn for block in model.model.layers]
        self._asked = asked
        self._handles: list[RemovableHandle] = []
        self.weights: list[Float[Tensor, "batch sequence"]] = []

    def __enter__(self) -> "AttentionTap":
        self.weights = []
        self._handles = [module.register_forward_pre_hook(self._keep, with_kwargs=True) for module in self._modules]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for handle in self._handles:
            handle.remove()
        self._handles = []

    @torch.no_grad()
    def _keep(self, module: nn.Module, inputs: tuple[Any, ...], given: dict[str, Any]) -> None:
        hidden = given["hidden_states"] if "hidden_states" in given else inputs[0]
        weights = attention_weights(module, hidden, given["position_embeddings"]).mean(dim=1)
        kept = torch.where(self._asked.unsqueeze(-1), weights, 0.0).sum(dim=1)
        self.weights.append(kept / self._asked.sum(dim=1, keepdim=True))


def attention_weights(
    module: Any, hidden: Float[Tensor, "batch sequence dim"], positions: tuple[Tensor, Tensor]
) -> Float[Tensor, "batch heads sequence sequence"]:
    """Return the causal attention weights of a Llama's attention module.

    Args:
        module: The module; its projections and its scale are used.
        hidden: Its input.
        positions: Cosines and sines of the rotary embedding.
    """
    shape = (*hidden.shape[:-1], -1, module.head_dim)
    query, key = (project(hidden).view(shape).transpose(1, 2) for project in (module.q_proj, module.k_proj))
    query, key = apply_rotary_pos_emb(query, key, *positions)
    key = key.repeat_interleave(module.num_key_value_groups, dim=1)
    with full_precision(hidden):
        scores = query.float() @ key.float().transpose(-1, -2) * module.scaling
        ahead = torch.ones(scores.shape[-2:], dtype=torch.bool, device=hidden.device).triu(1)
        return torch.softmax(scores.masked_fill(ahead, -torch.inf), dim=-1)
