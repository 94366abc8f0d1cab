"""Adapters folded into the weights, one tensor at a time and on the CPU."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel
from peft.tuners.lora import LoraLayer
from torch import Tensor, nn

from vlareg.policies.openvla.stored import StoredTensor, stored_tensors
from vlareg.policies.openvla.writing import Weight

LAYER, ADAPTER = ".base_layer.", ".lora_"
"""What peft puts into the names of the weights that have adapters, and of the adapters."""


@dataclass(frozen=True)
class MergedWeight:
    """A layer's weight with its adapter; `merged[...]` computes it.

    Args:
        weight: The frozen weight.
        layer: The layer with its adapter.
    """

    weight: Weight
    layer: LoraLayer

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the weight."""
        return tuple(self.weight.shape)

    @property
    def dtype(self) -> torch.dtype:
        """Number format of the weight."""
        return self.weight.dtype

    def __getitem__(self, index: Any) -> Tensor:
        """Return the sum, or a part of it, in the weight's number format."""
        return merge(self.layer, self.weight[...])[index]


@torch.no_grad()
def merge(layer: LoraLayer, weight: Tensor) -> Tensor:
    """Return W + scale * B A; with DoRA each of its rows has the learned length.

    Args:
        layer: A linear layer or convolution with an adapter.
        weight: Its frozen weight W.

    Returns:
        The sum, computed in float32 on the CPU, in the weight's number format.
    """
    (name,) = layer.active_adapters
    first, second = (_parameter(factors, name).flatten(1) for factors in (layer.lora_A, layer.lora_B))
    merged = weight.cpu().float() + (second @ first * layer.scaling[name]).view(weight.shape)
    if name in layer.lora_magnitude_vector:
        factor = _parameter(layer.lora_magnitude_vector, name).flatten() / merged.flatten(1).norm(dim=1)
        merged = merged * factor.view(-1, *[1] * (merged.ndim - 1))
    rounded: Tensor = merged.to(weight.dtype)
    return rounded


def _parameter(modules: nn.ModuleDict, name: str) -> Tensor:
    weight = modules[name].weight
    assert isinstance(weight, Tensor)
    return weight.cpu().float()


def merged_weights(policy: PeftModel, base: str | os.PathLike[str] | None = None) -> dict[str, Weight]:
    """Return a policy's weights by their official names, adapters merged when they are asked for.

    Args:
        policy: The policy with its adapters.
        base: Folder of the frozen weights; those in memory if None.

    Raises:
        ValueError: If the policy holds them in 4 bits, so that they must come from `base`, or `base` has other weights.
    """
    inner = policy.get_base_model()
    frozen: Mapping[str, Weight] = _in_memory(inner) if base is None else _in_files(inner, Path(base))
    weights = dict(frozen)
    for name, layer in inner.named_modules():
        if isinstance(layer, LoraLayer):
            weights[f"{name}.weight"] = MergedWeight(frozen[f"{name}.weight"], layer)
    return weights


def _in_memory(policy: nn.Module) -> dict[str, Tensor]:
    if getattr(policy, "is_loaded_in_4bit", False):
        raise ValueError("The policy holds its weights in 4 bits; give `base`, the folder that they were loaded from.")
    return {name.replace(LAYER, "."): t for name, t in policy.state_dict().items() if ADAPTER not in name}


def _in_files(policy: nn.Module, folder: Path) -> dict[str, StoredTensor]:
    stored = stored_tensors(folder)
    names = {name.replace(LAYER, ".") for name, _ in policy.named_parameters() if ADAPTER not in name}
    if wrong := sorted(names ^ stored.keys()):
        raise ValueError(f"{folder} is not the checkpoint of this policy; missing or unexpected: {wrong[:5]}.")
    return stored
