"""Re-pair two spaces by whole episodes, as if they had nothing to do with each other."""

import torch
from jaxtyping import Int
from torch import Tensor

MIN_EPISODES = 4
"""Fewest episodes of one length: with 3, which have 3! = 6 orders, p could not fall below .05."""


def episode_permutations(
    episodes: Int[Tensor, "samples"], count: int = 200, seed: int = 0
) -> Int[Tensor, "permutations samples"]:
    """Draw permutations of the samples that exchange whole episodes and keep the order of frames inside them.

    Row p pairs sample i of the first space with sample `permutations[p, i]` of the second. Frames of one episode
    resemble their neighbours in time, so that they are not exchangeable, and a null that shuffles frames is far too
    narrow; independent episodes are. An episode takes the place of one of equal length only: then no frame is lost,
    equal times stay paired (what both spaces owe to the progress of an episode alone counts as chance), and a sample's
    own episode, whose neighbours are excluded, is the same set of samples on both sides. Laid end to end, episodes of
    unequal length would overlap two each, and exclusion would forbid other samples on one side than on the other,
    which lowers the null's mean by up to 1 / episodes of itself. The price of equal lengths: among few episodes of a
    length many stay where they are, which raises chance and leaves few orders. Where lengths differ, `even_frames` makes
    them equal.

    The identity may be drawn, as it must for `p_value`. The global random state is neither read nor changed.

    Args:
        episodes: Episode of each sample; `torch.arange(samples)` where samples are independent of one another.
        count: Number of permutations (>= 1).
        seed: Determines the draws, on any device.

    Returns:
        Rows of the second space, one permutation a row.

    Raises:
        ValueError: If fewer than 4 episodes have a length that occurs.

    Example:
        >>> episode_permutations(torch.tensor([0, 0, 1, 1, 2, 2, 3, 3]), count=2)
        tensor([[0, 1, 2, 3, 6, 7, 4, 5],
                [0, 1, 4, 5, 6, 7, 2, 3]])
    """
    if count < 1:
        raise ValueError(f"`count` must be >= 1, but got {count}.")
    check_episodes(episodes)
    generator = torch.Generator().manual_seed(seed)
    rows = episodes.argsort(stable=True).cpu()
    lengths = torch.unique(episodes, return_counts=True)[1].cpu()
    result = torch.empty(count, len(episodes), dtype=torch.long)
    for length in lengths.unique().tolist():
        members = rows[(lengths == length).repeat_interleave(lengths)].view(-1, length)
        if len(members) < MIN_EPISODES:
            raise ValueError(
                f"Only {len(members)} of `episodes` have {length} samples, and {MIN_EPISODES} of equal length are needed"
                " to exchange them: take equally many frames of each episode, as `even_frames` does."
            )
        orders = torch.stack([torch.randperm(len(members), generator=generator) for _ in range(count)])
        result[:, members.flatten()] = members[orders].flatten(1)
    return result.to(episodes.device)


def even_frames(episodes: Int[Tensor, "samples"], frames: int | None = None) -> Int[Tensor, "chosen"]:
    """Choose equally many samples of every episode, evenly spread from its first to its last.

    Args:
        episodes: Episode of each sample, in the order of time within each episode.
        frames: Samples per episode; by default as many as the shortest episode has.

    Returns:
        Rows of the chosen samples, in their order.

    Raises:
        ValueError: If an episode has fewer than `frames` samples.

    Example:
        >>> even_frames(torch.tensor([0, 0, 0, 0, 0, 1, 1, 1])).tolist()
        [0, 2, 4, 5, 6, 7]
    """
    check_episodes(episodes)
    lengths = torch.unique(episodes, return_counts=True)[1]
    frames = int(lengths.min()) if frames is None else frames
    if not 1 <= frames <= int(lengths.min()):
        raise ValueError(f"`frames` must be in 1..{int(lengths.min())} (the shortest episode), but got {frames}.")
    share = torch.linspace(0, 1, frames, dtype=torch.float64, device=episodes.device)
    starts = lengths.cumsum(0) - lengths
    chosen = starts[:, None] + (share * (lengths[:, None] - 1)).round().long()
    return episodes.argsort(stable=True)[chosen.flatten()].sort().values


def check_episodes(episodes: Tensor) -> None:
    """Refuse what is not one whole number per sample.

    Args:
        episodes: Episode of each sample.

    Raises:
        ValueError: If it is not a vector of integers, or empty.
    """
    if episodes.ndim != 1 or len(episodes) == 0 or episodes.is_floating_point() or episodes.is_complex():
        raise ValueError(f"`episodes` must be one integer per sample, but got {episodes.dtype} {list(episodes.shape)}.")
