"""Count a sample once."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

ALIKE = 0.25
"""Largest squared distance of two copies of a sample, as a share of the mean squared distance from the mean: the same frame
computed in another batch differs by rounding, other frames mostly by 2."""


def first_of_each(
    sample_ids: Int[Tensor, "samples"], *sides: Float[Tensor, "samples _"]
) -> Int[Tensor, "distinct_samples"]:
    """Return the row of the first copy of each sample, in the order of the rows.

    A distributed sampler repeats samples to give every rank as many, and a bootstrap repeats them by design. Copies are each
    other's nearest neighbours in any two spaces: ten copies of everything score .90 where nothing is shared. They are left out
    and not refused, because a sampler's copies are nobody's mistake; ids that are not unique are one.

    Args:
        sample_ids: One id per sample, unique over the data set and not only within an episode.
        sides: Vectors of the samples; copies must have alike ones.

    Returns:
        Row numbers.

    Raises:
        ValueError: If one id stands for samples that differ.

    Example:
        >>> first_of_each(torch.tensor([7, 3, 7, 5]))
        tensor([0, 1, 3])
    """
    ids, sample = torch.unique(sample_ids, return_inverse=True)
    rows = torch.arange(len(sample_ids), device=sample_ids.device)
    first = torch.full_like(ids, len(rows)).scatter_reduce_(0, sample, rows, "amin")
    copies = (first[sample] != rows).nonzero().flatten()
    for side in sides:
        apart = (side[copies] - side[first[sample[copies]]]).double().square().sum(dim=1)
        other = (apart > ALIKE * side.double().var(dim=0, correction=0).sum()).nonzero().flatten().tolist()
        if other:
            one = int(copies[other[0]])
            raise ValueError(
                f"`sample_ids` must be unique over the data set, but id {int(sample_ids[one])} stands for different samples in rows "
                f"{int(first[sample[one]])} and {one}."
            )
    return first.sort().values
