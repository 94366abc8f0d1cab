"""How much two lists of neighbours agree, for every sample."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

Agreement = Float[Tensor, "*batch samples"]


def shared_share(a: Int[Tensor, "*#batch samples k_a"], b: Int[Tensor, "*#batch samples k_b"]) -> Agreement:
    """Return the share of neighbours that both lists hold, of as many as they could (0 to 1).

    Args:
        a: Neighbours of every sample; leading axes broadcast.
        b: Neighbours of every sample.

    Example:
        >>> shared_share(torch.tensor([[1, 2]]), torch.tensor([[2, 3]]))
        tensor([0.5000])
    """
    if a.shape[-1] > b.shape[-1]:
        a, b = b, a
    found = b == a[..., 0, None]
    for place in range(1, a.shape[-1]):
        found |= b == a[..., place, None]
    return found.sum(dim=-1) / a.shape[-1]


def returns(a: Int[Tensor, "*#batch samples k_a"], b: Int[Tensor, "*#batch samples k_b"]) -> Agreement:
    """Return 1 where a sample is among the neighbours in `a` of one of its neighbours in `b`, else 0.

    Args:
        a: Neighbours of every sample.
        b: Neighbours of every sample; leading axes broadcast.

    Example:
        >>> returns(torch.tensor([[1], [0], [1]]), torch.tensor([[1], [2], [0]]))
        tensor([1., 1., 0.])
    """
    a, b = _same_batch(a, b)
    own = torch.arange(a.shape[-2], device=a.device)[:, None]
    found = torch.zeros(b.shape[:-1], dtype=torch.bool, device=a.device)
    for place in range(b.shape[-1]):
        seen = a.gather(-2, b[..., place, None].expand_as(a))
        found |= (seen == own).any(dim=-1)
    return found.float()


def common_length(a: Int[Tensor, "*#batch samples k_a"], b: Int[Tensor, "*#batch samples k_b"]) -> Agreement:
    """Return the length of the longest common subsequence of both lists (0 to the shorter's length).

    Args:
        a: Neighbours of every sample, nearest first; leading axes broadcast.
        b: Neighbours of every sample, nearest first.

    Example:
        >>> common_length(torch.tensor([[1, 2, 3]]), torch.tensor([[2, 9, 3]]))
        tensor([2.])
    """
    a, b = _places_first(a, b)
    lengths = [torch.zeros(b.shape[1:], dtype=torch.int16, device=b.device)] * (len(b) + 1)
    for of_a in a:
        row = lengths[:1]
        for j, of_b in enumerate(b):
            row.append(torch.maximum(torch.maximum(lengths[j + 1], row[j]), lengths[j] + (of_a == of_b)))
        lengths = row
    return lengths[-1].float()


def kept_share(a: Int[Tensor, "*#batch samples k_a"], b: Int[Tensor, "*#batch samples k_b"]) -> Agreement:
    """Return 1 less the edits that turn one list into the other, as a share of the longer's length (0 to 1).

    The edits are those of Levenshtein: insertions, deletions and substitutions.

    Args:
        a: Neighbours of every sample, nearest first; leading axes broadcast.
        b: Neighbours of every sample, nearest first.

    Example:
        >>> kept_share(torch.tensor([[1, 2, 3, 4]]), torch.tensor([[2, 9, 3, 4]]))
        tensor([0.5000])
    """
    a, b = _places_first(a, b)
    zero = torch.zeros(b.shape[1:], dtype=torch.int16, device=b.device)
    edits = [zero + j for j in range(len(b) + 1)]
    for i, of_a in enumerate(a):
        row = [zero + i + 1]
        for j, of_b in enumerate(b):
            row.append(torch.minimum(torch.minimum(edits[j + 1], row[j]) + 1, edits[j] + (of_a != of_b)))
        edits = row
    return 1 - edits[-1] / max(len(a), len(b))


def _same_batch(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Return both lists with the batch axes broadcast."""
    shape = (a[..., 0] == b[..., 0]).shape
    return a.expand(*shape, -1), b.expand(*shape, -1)


def _places_first(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Return both lists with the place as the first axis, so that each place is one vector for all samples."""
    a, b = _same_batch(a.int(), b.int())
    return a.movedim(-1, 0).contiguous(), b.movedim(-1, 0).contiguous()
