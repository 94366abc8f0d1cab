"""How a policy computes, which changes nothing of what it computes but the rounding."""

from dataclasses import dataclass

import torch
from torch import nn

from vlareg.policies.openvla import OpenVLAForActionPrediction


@dataclass(frozen=True)
class Execution:
    """Memory against time. In YAML: `execution: {gradient_checkpointing: true}`.

    Args:
        attention: The language model's attention by transformers' name: "sdpa", "eager", "flash_attention_2" (needs the
            package flash-attn, a GPU and a policy in 16 bits), ...; None is PyTorch's fused kernel where that is fast.
        gradient_checkpointing: Keep only the inputs of each block for the backward pass, and compute the rest again.
        compile_blocks: Compile the blocks of encoders and language model by `torch.compile`; what stands between them, and
            all hooks on them, stays as it is. The first steps take minutes, so it is for long runs on a GPU.

    Example:
        >>> Execution(attention="sdpa").gradient_checkpointing
        False
    """

    attention: str | None = None
    gradient_checkpointing: bool = False
    compile_blocks: bool = False

    def apply(self, policy: OpenVLAForActionPrediction) -> None:
        """Set a policy up.

        Args:
            policy: The policy, inside its adapters if it has some.

        Raises:
            ValueError: If transformers does not know `attention`.
            ImportError: If its package is not installed.
        """
        if self.attention is not None:
            policy.language_model.set_attn_implementation(self.attention)
        if self.gradient_checkpointing:
            policy.gradient_checkpointing_enable({"use_reentrant": False})  # type: ignore[no-untyped-call]
        if self.compile_blocks:
            compile_blocks(policy)


def blocks(policy: nn.Module) -> list[nn.Module]:
    """Return the blocks of encoders and language model, in the order of `named_modules`.

    Args:
        policy: The policy, with or without adapters.
    """
    names = OpenVLAForActionPrediction._no_split_modules
    return [module for module in policy.modules() if type(module).__name__ in names]


def compile_blocks(policy: nn.Module, backend: str = "inductor") -> None:
    """Compile the inside of each block, below its hooks: a compiled call would overlook those that are set later.

    Args:
        policy: The policy, with or without adapters.
        backend: `torch.compile`'s.
    """
    for block in blocks(policy):
        block.forward = torch.compile(block.forward, backend=backend)
