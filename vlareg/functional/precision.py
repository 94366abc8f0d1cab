"""Arithmetic in full float32."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor


@contextmanager
def full_precision(tensor: Tensor) -> Iterator[None]:
    """Switch off what computes float32 products in fewer bits: autocast, and `torch.set_float32_matmul_precision`.

    `.float()` alone is undone by the first, and does not touch the second.

    Args:
        tensor: Any tensor of the device in question.

    Example:
        >>> x = torch.ones(2, 2)
        >>> with torch.autocast("cpu"), full_precision(x):
        ...     print((x @ x).dtype)
        torch.float32
    """
    backends = torch.backends.cuda.matmul, torch.backends.mkldnn.matmul  # type: ignore[attr-defined]
    before = [backend.fp32_precision for backend in backends]
    try:
        for backend in backends:
            backend.fp32_precision = "ieee"
        with torch.autocast(tensor.device.type, enabled=False):
            yield
    finally:
        for backend, precision in zip(backends, before, strict=True):
            backend.fp32_precision = precision


def at_least_float32(tensor: Tensor) -> Tensor:
    """Return the tensor in float64 if it is float64, else in float32.

    Args:
        tensor: A float tensor.

    Example:
        >>> at_least_float32(torch.ones(2, dtype=torch.bfloat16)).dtype
        torch.float32
    """
    return tensor if tensor.dtype == torch.float64 else tensor.float()
