"""A language model's last block, which leaves unfinished what nobody reads."""

from typing import Any

from torch import Tensor
from transformers.models.llama.modeling_llama import LlamaDecoderLayer, LlamaModel

from vlareg.shapes import Tokens


class LastBlock(LlamaDecoderLayer):  # type: ignore[no-untyped-call]
    """A Llama's last block, whose MLP can be limited to some positions: behind it, positions no longer meet.

    It has no state of its own, so that a block becomes one where it stands (`limit_last_block`).
    """

    def forward(  # type: ignore[override]
        self, hidden_states: Tokens, *, read: tuple[Tensor, Tensor] | None = None, **kwargs: Any
    ) -> Tensor:
        """Return the block's output.

        Args:
            hidden_states: Input.
            read: Samples and positions to finish, all if None.
            **kwargs: Passed on to the attention, as in every block.

        Returns:
            [batch, sequence, hidden], or with `read` [positions, hidden].
        """
        if read is None:
            return super().forward(hidden_states, **kwargs)
        attended = self.self_attn(hidden_states=self.input_layernorm(hidden_states), **kwargs)[0]
        kept = (hidden_states + attended)[read]
        output: Tensor = kept + self.mlp(self.post_attention_layernorm(kept))
        return output


def limit_last_block(model: LlamaModel) -> None:
    """Let a language model's last block take `read`; without it, it computes what it did.

    Args:
        model: It is changed; weights and their names stay.
    """
    model.layers[-1].__class__ = LastBlock


def is_watched(model: LlamaModel) -> bool:
    """Return whether a hook would miss the positions that the last block leaves out; FSDP2's own do not.

    One forward pass with `output_hidden_states` leaves transformers' hooks there for good.

    Args:
        model: A language model.
    """
    behind = [model, model.norm, *model.layers[-1].modules()]
    kinds = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    hooks = [hook for module in behind for kind in kinds for hook in getattr(module, kind).values()]
    return not all(hook.__module__.startswith("torch.distributed.") for hook in hooks)
