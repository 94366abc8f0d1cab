"""Which held-out frames a monitor looks at: always the same, as many from each episode, none of a robot that stands still."""

import numpy as np
from jaxtyping import Bool, Float, Int

from vlareg.functional.permutations import MIN_EPISODES

MIN_FRAMES = 4
"""Frames of an episode below which the probe takes fewer episodes rather than fewer frames of each."""

STILL = 1e-4
"""Norm of an arm's command, and change of any entry of the state (m, rad), below which the robot does nothing."""


def moving_frames(
    actions: Float[np.ndarray, "samples action_dim"],
    proprio: Float[np.ndarray, "samples proprio_dim"],
    episodes: Int[np.ndarray, "samples"],
) -> Bool[np.ndarray, "samples"]:
    """Tell the frames in which something happens from those that repeat the frame before.

    A frame is stationary if the arm gets no command and the gripper the same one as before, or if the state is the one
    before. Repeated frames are one another's neighbours in every space, which looks like alignment.

    Args:
        actions: Commands, the gripper last.
        proprio: States before them.
        episodes: Episode of each frame; an episode's frames stand together, in order.

    Reference:
        Kim et al., "OpenVLA: An Open-Source Vision-Language-Action Model", 2024, arXiv 2406.09246, whose preparation of
        LIBERO leaves out the frames without a command. Here also those without a motion.

    Example:
        >>> actions = np.array([[0.1, 1.0], [0.0, 1.0], [0.0, 0.0]])
        >>> moving_frames(actions, np.arange(3.0)[:, None], np.zeros(3, dtype=int)).tolist()
        [True, False, True]
    """
    first = np.diff(episodes, prepend=episodes[:1] - 1) != 0
    same_gripper = np.diff(actions[:, -1], prepend=np.nan) == 0
    no_command = (np.linalg.norm(actions[:, :-1], axis=1) < STILL) & (same_gripper | first)
    no_motion = (np.abs(np.diff(proprio, axis=0, prepend=np.nan)) < STILL).all(axis=1) & ~first
    moving: np.ndarray = ~(no_command | no_motion)
    return moving


def probe_indices(
    tasks: Int[np.ndarray, "samples"],
    episodes: Int[np.ndarray, "samples"],
    moving: Bool[np.ndarray, "samples"],
    samples: int = 192,
) -> Int[np.ndarray, "probe"]:
    """Choose evenly spaced frames: as many of each episode, and of as many episodes of each task.

    With equally many frames of each, whole episodes can be exchanged for one another. The shortest episode limits all.

    Args:
        tasks: Task of each frame.
        episodes: Episode of each frame, unique over tasks; an episode's frames stand together.
        moving: Frames that may be chosen.
        samples: Upper limit for their number.

    Returns:
        Indices, increasing.

    Raises:
        ValueError: If there are too few episodes, one of them never moves, or `samples` is too small.

    Example:
        >>> episodes = np.arange(5).repeat(10)
        >>> probe_indices(np.zeros_like(episodes), episodes, np.ones(50, dtype=bool), samples=20)
        array([ 1,  3,  6,  8, 11, 13, 16, 18, 21, 23, 26, 28, 31, 33, 36, 38, 41,
               43, 46, 48])
    """
    chosen = _choose_episodes(tasks, episodes, max(MIN_EPISODES, samples // MIN_FRAMES))
    if len(chosen) < MIN_EPISODES:
        raise ValueError(
            f"The probe set needs at least {MIN_EPISODES} held-out episodes, since neighbours are sought in other "
            f"episodes and chance is what exchanging episodes gives, but there are {len(chosen)}. Hold more out."
        )
    frames = [np.flatnonzero((episodes == episode) & moving) for episode in chosen]
    count = min(samples // len(chosen), min(map(len, frames)))
    if count < 1:
        still = [int(episode) for episode, rows in zip(chosen, frames, strict=True) if len(rows) == 0]
        raise ValueError(
            f"Held-out episodes {still} have no frame in which the robot moves."
            if still
            else f"`samples` must be at least {len(chosen)}, one per episode, but got {samples}."
        )
    return np.sort(np.concatenate([_spread(rows, count) for rows in frames]))


def _choose_episodes(tasks: np.ndarray, episodes: np.ndarray, limit: int) -> list[int]:
    """Return about `limit` episodes at most, equally many of each task, but at least one."""
    of_task = [np.unique(episodes[tasks == task]) for task in np.unique(tasks)]
    count = max(1, limit // max(1, len(of_task)))
    return [int(episode) for numbers in of_task for episode in _spread(numbers, min(count, len(numbers)))]


def _spread(values: np.ndarray, count: int) -> np.ndarray:
    """Return the values in the middle of `count` equal parts."""
    middles: np.ndarray = values[((np.arange(count) + 0.5) * len(values) / count).astype(int)]
    return middles
