"""The forward pass of LoRA with less traffic to memory."""

from typing import Any

from peft.tuners.lora import Conv2d, Linear
from peft.tuners.lora.layer import LoraVariant
from torch import Tensor, nn


class LeanLoRA(LoraVariant):
    """Compute W x + B (s A x), where peft computes W x + s (B A x) in three more passes over the output.

    The scale s = alpha / rank is applied to `rank` numbers a token, and the sum takes the place of one of its terms. Where s is a
    power of two, as by default, and A and B have 32 bits, outputs and gradients are peft's to the last bit; otherwise to rounding
    (some processors take numbers of 16 bits below 1e-38 for zero, which the scale moves).
    """

    @staticmethod
    def forward(module: Any, active_adapter: str, x: Tensor, result: Tensor, **kwargs: Any) -> Tensor:
        """Return a layer's output.

        Args:
            module: The layer with its adapter.
            active_adapter: Name of the adapter.
            x: Input.
            result: The frozen layer's output.
            **kwargs: Not used.
        """
        first, second = module.lora_A[active_adapter], module.lora_B[active_adapter]
        update: Tensor = second(first(module.lora_dropout[active_adapter](x)) * module.scaling[active_adapter])
        return update.add_(result) if update.dtype == result.dtype else result + update

    @staticmethod
    def merge_safe(module: Any, active_adapter: str, orig_weight: Tensor) -> Tensor:
        """Return the merged weight."""
        merged: Tensor = orig_weight + module.get_delta_weight(active_adapter).to(orig_weight.dtype)
        return merged

    @staticmethod
    def merge_unsafe(module: Any, active_adapter: str, orig_weight: Tensor) -> None:
        """Merge into the weight."""
        orig_weight.data += module.get_delta_weight(active_adapter)

    @staticmethod
    def unmerge(module: Any, active_adapter: str, orig_weight: Tensor) -> Tensor:
        """Return the weight without the adapter."""
        frozen: Tensor = orig_weight - module.get_delta_weight(active_adapter).to(orig_weight.dtype)
        return frozen


def make_lean(policy: nn.Module) -> None:
    """Let a policy's adapters compute by `LeanLoRA`; DoRA's, and those on weights of 4 bits, stay as they are.

    Args:
        policy: With adapters, which have no bias.
    """
    layers = [module for module in policy.modules() if type(module) is Linear or type(module) is Conv2d]
    for layer in layers:
        if not layer.lora_variant:
            layer.lora_variant.update(dict.fromkeys(layer.lora_A, LeanLoRA()))
