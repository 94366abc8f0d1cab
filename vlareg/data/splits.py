"""Which rows of a task train, and which are held out: whole episodes."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Int

from vlareg.data.prepared import PreparedFile


class EpisodeSplit(NamedTuple):
    """A task's rows, divided by episode.

    Args:
        train: Rows to train on.
        held_out: Rows of the episodes after those.
        episodes: Number of episodes in both.
    """

    train: Int[np.ndarray, "rows"]
    held_out: Int[np.ndarray, "held_out_rows"]
    episodes: int


def split_by_episode(file: PreparedFile, train_episodes: int | None, validation_episodes: int) -> EpisodeSplit:
    """Return the rows of the first episodes, and those of the ones after them.

    Args:
        file: A task.
        train_episodes: Episodes to train on; None is all but those that are held out.
        validation_episodes: Episodes to hold out.

    Raises:
        ValueError: The task has fewer episodes.
    """
    found = int(file.episodes[-1]) + 1
    wanted = (1 if train_episodes is None else train_episodes) + validation_episodes
    if found < wanted:
        raise ValueError(
            f"`demonstrations`: {file.name} has {found} episodes, but train_episodes + validation_episodes = {wanted}."
        )
    limit = found - validation_episodes if train_episodes is None else train_episodes
    last = limit + validation_episodes
    held_out = np.flatnonzero((file.episodes >= limit) & (file.episodes < last))
    return EpisodeSplit(np.flatnonzero(file.episodes < limit), held_out, last)
