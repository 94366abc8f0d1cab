"""Arithmetic that autocast cannot touch."""

import torch
from torch import Tensor


def autocast_off(tensor: Tensor) -> torch.autocast:
    """Return a context in which autocast is off on the tensor's device (`.float()` alone is undone by autocast)."""
    return torch.autocast(tensor.device.type, enabled=False)


def at_least_float32(tensor: Tensor) -> Tensor:
    """Return the tensor in float64 if it is float64, else in float32."""
    return tensor if tensor.dtype == torch.float64 else tensor.float()
