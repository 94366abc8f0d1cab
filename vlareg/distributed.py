"""Collectives that keep gradients."""

from typing import Any

import torch
import torch.distributed as dist
from jaxtyping import Float
from torch import Tensor


def world_size() -> int:
    """Return the number of ranks, 1 without a process group."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def rank() -> int:
    """Return this process's rank, 0 without a process group."""
    return dist.get_rank() if dist.is_available() and dist.is_initialized() else 0


def all_gather_with_grad(tensor: Float[Tensor, "batch *dims"]) -> Float[Tensor, "all_batches *dims"]:
    """Concatenate a tensor of every rank along the first axis, in rank order.

    The backward pass sums the gradients of all ranks, so that after DDP's averaging the parameters' gradients are those
    of one process with the whole batch, if each rank's loss is scaled such that the ranks' mean is the whole loss.
    Ranks may hold different numbers of rows. Without a process group the tensor itself is returned.

    Args:
        tensor: This rank's rows.

    Returns:
        The rows of all ranks.

    Example:
        >>> all_gather_with_grad(torch.ones(2, 3)).shape
        torch.Size([2, 3])
    """
    if world_size() == 1:
        return tensor
    gathered: Tensor = _AllGather.apply(tensor, rows_of_ranks(tensor))
    return gathered


def rows_of_ranks(tensor: Tensor) -> list[int]:
    """Return the length of a tensor's first axis on every rank.

    Args:
        tensor: This rank's rows.

    Returns:
        One number per rank.

    Example:
        >>> rows_of_ranks(torch.ones(2, 3))
        [2]
    """
    if world_size() == 1:
        return [len(tensor)]
    own = torch.tensor([len(tensor)], device=tensor.device)
    sizes = [torch.empty_like(own) for _ in range(world_size())]
    dist.all_gather(sizes, own)
    return [int(size) for size in sizes]


def mean_over_ranks(tensor: Tensor) -> Tensor:
    """Return the mean of a tensor over all ranks, without gradient.

    Args:
        tensor: Of the same shape on every rank.

    Example:
        >>> mean_over_ranks(torch.ones(2)).tolist()
        [1.0, 1.0]
    """
    mean = tensor.detach().clone()
    if world_size() > 1:
        dist.all_reduce(mean)
        mean /= world_size()
    return mean


def gather_rows(tensor: Tensor, group: Any = None) -> list[Tensor]:
    """Return a tensor of every rank, without gradients; a rank without rows may have another shape and type.

    It has the signature of a `dist_sync_fn` of torchmetrics, whose own aborts where a rank has no data.

    Args:
        tensor: This rank's rows.
        group: Process group; the default one if not given.

    Returns:
        One tensor per rank, all of one type and equal but for the number of rows.

    Raises:
        ValueError: If ranks with rows differ in the other axes or the type.

    Example:
        >>> gather_rows(torch.ones(2, 3))[0].shape
        torch.Size([2, 3])
    """
    if world_size() == 1:
        return [tensor]
    kinds: list[Any] = [None] * dist.get_world_size(group)
    dist.all_gather_object(kinds, (len(tensor), tuple(tensor.shape[1:]), tensor.dtype), group)
    filled = {kind[1:] for kind in kinds if kind[0] > 0} or {kinds[0][1:]}
    if len(filled) > 1:
        raise ValueError(f"`tensor` differs between ranks in more than its rows: {sorted(map(str, filled))}.")
    shape, dtype = filled.pop()
    padded = torch.zeros(max(kind[0] for kind in kinds), *shape, dtype=dtype, device=tensor.device)
    if len(tensor):
        padded[: len(tensor)] = tensor
    parts = [torch.empty_like(padded) for _ in kinds]
    dist.all_gather(parts, padded, group)
    return [part[: kind[0]] for part, kind in zip(parts, kinds, strict=True)]


class _AllGather(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, tensor: Tensor, rows: list[int]) -> Tensor:
        ctx.rows = rows
        # Collectives want equal shapes.
        padded = tensor.new_zeros(max(rows), *tensor.shape[1:])
        padded[: len(tensor)] = tensor
        parts = [torch.empty_like(padded) for _ in rows]
        dist.all_gather(parts, padded)
        return torch.cat([part[:n] for part, n in zip(parts, rows, strict=True)])

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        grad = grads[0].clone(memory_format=torch.contiguous_format)
        dist.all_reduce(grad)
        start = sum(ctx.rows[: rank()])
        return grad[start : start + ctx.rows[rank()]], None
