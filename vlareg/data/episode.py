"""One demonstration as the readers of all formats give it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from jaxtyping import Float, UInt8


@dataclass(frozen=True)
class Episode:
    """One demonstration: step t is what was observed before action t.

    Args:
        name: File and demonstration, for messages.
        instruction: The task in words.
        frames: Images as LIBERO's simulator returns them: half a turn away from upright.
        proprio: End-effector position (m), axis-angle (rad), gripper finger positions (m).
        actions: End-effector deltas in the data set's units, then LIBERO's gripper: -1 opens, +1 closes.
        joints: Joint positions (rad), None where the file has none.
    """

    name: str
    instruction: str
    frames: UInt8[np.ndarray, "steps views height width 3"]
    proprio: Float[np.ndarray, "steps proprio_dim"]
    actions: Float[np.ndarray, "steps 7"]
    joints: Float[np.ndarray, "steps joints"] | None = None

    def __len__(self) -> int:
        return len(self.actions)


class TaskSource(Protocol):
    """The demonstrations of one task, wherever they are stored."""

    @property
    def name(self) -> str:
        """File or folder and task, for messages and for the name of an entry in the cache."""

    @property
    def identity(self) -> tuple[object, ...]:
        """Everything that decides what `episodes` yields: files, their sizes and dates, conventions."""

    def episodes(self) -> Iterator[Episode]:
        """Yield the demonstrations in natural order of their numbers."""


class TaskSet(Protocol):
    """A data set of several tasks."""

    def tasks(self) -> list[TaskSource]:
        """Return the tasks, in an order that depends on the files alone."""


def check_episode(episode: Episode) -> None:
    """Raise where an episode would be trained on to no good.

    Args:
        episode: Frames, states and actions as they are stored.

    Raises:
        ValueError: The lengths differ, there is no step, an action has not 7 numbers, or a number is not finite; the
            message names the demonstration and the frame.
    """
    lengths = [len(episode.frames), len(episode.proprio), len(episode.actions)]
    if len({*lengths, len(episode.actions if episode.joints is None else episode.joints)}) > 1:
        raise ValueError("{}: {} frames, {} states and {} actions.".format(episode.name, *lengths))
    if not len(episode):
        raise ValueError(f"{episode.name} has no step.")
    if episode.actions.ndim != 2 or episode.actions.shape[1] != 7:
        raise ValueError(f"{episode.name}: actions must be [steps, 7], but are {list(episode.actions.shape)}.")
    for quantity, values in (("action", episode.actions), ("state", episode.proprio)):
        bad = np.flatnonzero(~np.isfinite(values).all(axis=1))
        if len(bad):
            raise ValueError(f"{episode.name}, frame {bad[0]}: the {quantity} is not finite ({values[bad[0]]}).")
