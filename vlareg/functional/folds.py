"""Fit on some episodes, score on others."""

from typing import NamedTuple

import torch
from jaxtyping import Int
from torch import Tensor

from vlareg.functional.checks import check_groups


class Fold(NamedTuple):
    """A partition of the samples.

    Args:
        fit: Rows that something is fitted on.
        score: Rows, of other episodes, that it is scored on.
    """

    fit: Int[Tensor, "rows"]
    score: Int[Tensor, "others"]


def held_out_folds(groups: Int[Tensor, "samples"], samples: int, folds: int) -> list[Fold]:
    """Deal whole episodes to folds in turn, so that every sample is scored once.

    Args:
        groups: Episode of each sample.
        samples: Number of samples.
        folds: Number of parts (at least 2).

    Raises:
        ValueError: If `groups` does not fit the samples, or there are fewer episodes than folds.

    Example:
        >>> [fold.score.tolist() for fold in held_out_folds(torch.tensor([5, 5, 8, 8, 9]), 5, folds=2)]
        [[0, 1, 4], [2, 3]]
    """
    check_groups(groups, samples)
    episodes, episode = torch.unique(groups, return_inverse=True)
    if not 2 <= folds <= len(episodes):
        raise ValueError(f"`folds` must be in 2..{len(episodes)}, the number of episodes, but got {folds}.")
    return [
        Fold((episode % folds != part).nonzero().flatten(), (episode % folds == part).nonzero().flatten())
        for part in range(folds)
    ]
