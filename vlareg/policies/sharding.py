"""Weights spread over several GPUs by FSDP2, and gathered again."""

import torch
from peft import PeftModel
from torch import Tensor, nn
from torch.distributed.checkpoint.state_dict import StateDictOptions, get_model_state_dict
from torch.distributed.device_mesh import DeviceMesh
from torch.distributed.fsdp import FSDPModule, fully_shard
from torch.distributed.tensor import DTensor

from vlareg.distributed import rank
from vlareg.policies.execution import blocks
from vlareg.policies.lora import LoRA, base_model
from vlareg.policies.openvla import OpenVLAForActionPrediction


def shard_policy(policy: nn.Module, mesh: DeviceMesh) -> None:
    """Spread a policy's weights, so that each rank gathers one block at a time.

    Args:
        policy: The policy, with or without adapters; it is changed.
        mesh: The ranks, in one dimension.
    """
    for block in blocks(policy):
        fully_shard(block, mesh=mesh)
    fully_shard(policy, mesh=mesh)


def shard_parts(module: nn.Module, mesh: DeviceMesh) -> None:
    """Spread those parts of a regularizer that learn; what is frozen stays whole on each rank.

    The parts, not the regularizer itself: FSDP2 follows tensors that come out of a module, not the dataclass of a loss.

    Args:
        module: The regularizer; it is changed.
        mesh: The ranks, in one dimension.

    Raises:
        ValueError: If it has trainable parameters outside its parts.
    """
    if any(parameter.requires_grad for parameter in module.parameters(recurse=False)):
        raise ValueError(f"FSDP2 needs the parameters of {type(module).__name__} in modules that it calls.")
    for part in module.children():
        if any(parameter.requires_grad for parameter in part.parameters()):
            fully_shard(part, mesh=mesh)


def whole_policy(
    policy: OpenVLAForActionPrediction | PeftModel, lora: LoRA | None
) -> OpenVLAForActionPrediction | PeftModel:
    """Return a policy with whole weights: itself, or where it is sharded a copy in host memory.

    Every rank has to call it. Only the first one's copy has weights.

    Args:
        policy: The policy.
        lora: The adapters that it has.
    """
    if not isinstance(policy, FSDPModule):
        return policy
    weights = get_model_state_dict(policy, options=StateDictOptions(full_state_dict=True, cpu_offload=True))
    with torch.device("meta"):
        base = OpenVLAForActionPrediction(base_model(policy).config)
        copy = lora.attach(base) if lora else base
    if rank() == 0:
        copy.load_state_dict(weights, assign=True)
    return copy


def whole_state(module: nn.Module) -> dict[str, Tensor]:
    """Return a module's state with whole weights, gathered where they are sharded. Every rank has to call it.

    Args:
        module: For example the regularizers.

    Example:
        >>> sorted(whole_state(nn.Linear(2, 1)))
        ['bias', 'weight']
    """
    state: dict[str, Tensor] = module.state_dict()
    return {name: x.full_tensor() if isinstance(x, DTensor) else x for name, x in state.items()}
