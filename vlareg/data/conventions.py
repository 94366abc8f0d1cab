"""What a data set means by its numbers and pictures, declared once, and its translation into LIBERO's own conventions."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from jaxtyping import Float

from vlareg.data.episode import Episode, check_episode

LIBERO_OPEN, LIBERO_CLOSED = -1.0, 1.0
"""The gripper's command in LIBERO's simulator, and in every `Episode` that a reader yields."""

TOLERANCE = 1e-3
"""How far outside the declared range a gripper's command may lie (rounding)."""

LanguageSource = Literal["attribute", "bddl", "file_name", "tasks_table"]


@dataclass(frozen=True)
class Conventions:
    """What a reader must be told, since the files do not say it (or say it wrongly).

    Args:
        views: Cameras in the order in which the policy reads them, by the data set's own names.
        observed_after_action: True if `obs[t]` was recorded after `actions[t]`: then `obs[t - 1]` is paired with
            `actions[t]`, and the first action and the last observation are dropped.
        half_turned: True if frames are half a turn away from upright, as LIBERO's simulator returns them.
        gripper_open: Command that opens the gripper.
        gripper_closed: Command that closes it.
        fps: Steps per second that the data set states (Hz); another number in the files is an error.
        language: Where the instruction is: an attribute of the file (its name where there is none), the task's BDDL file,
            the file's name, or a table of tasks.

    Raises:
        ValueError: If there is no view, the gripper's commands are equal, or `fps` is not positive.
    """

    views: tuple[str, ...]
    observed_after_action: bool
    half_turned: bool
    gripper_open: float
    gripper_closed: float
    fps: float
    language: LanguageSource

    def __post_init__(self) -> None:
        object.__setattr__(self, "views", tuple(self.views))
        if not self.views:
            raise ValueError("`views` must name at least one camera, but is empty.")
        if self.gripper_open == self.gripper_closed:
            raise ValueError(f"`gripper_open` and `gripper_closed` must differ, but both are {self.gripper_open}.")
        if self.fps <= 0:
            raise ValueError(f"`fps` must be > 0, but got {self.fps}.")

    def check_fps(self, stated: float, where: str) -> None:
        """Raise if a file states another rate than was declared.

        Args:
            stated: Steps per second (Hz), as the file has it.
            where: File, for the message.
        """
        if stated != self.fps:
            raise ValueError(f"{where} states {stated:g} steps per second, but `fps` is declared as {self.fps:g}.")

    def translate(self, stored: Episode) -> Episode:
        """Return an episode in LIBERO's conventions: observed before the action, half-turned frames, -1 opens.

        Args:
            stored: Everything as the data set has it.

        Raises:
            ValueError: Something in it cannot be trained on, or does not fit what was declared; the message names the frame.
        """
        check_episode(stored)
        episode = replace(stored, actions=self._gripper(stored))
        if not self.half_turned:
            episode = replace(episode, frames=episode.frames[..., ::-1, ::-1, :])
        return _paired(episode) if self.observed_after_action else episode

    def _gripper(self, stored: Episode) -> Float[np.ndarray, "steps 7"]:
        """Map the gripper's command linearly to LIBERO's."""
        actions, ends = stored.actions, (self.gripper_open, self.gripper_closed)
        command = actions[:, 6]
        outside = np.flatnonzero((command < min(ends) - TOLERANCE) | (command > max(ends) + TOLERANCE))
        declared = f"declared as {ends[0]:g} (open) and {ends[1]:g} (closed)"
        if len(outside):
            raise ValueError(
                f"{stored.name}, frame {outside[0]}: gripper {command[outside[0]]:g} is not within {declared}."
            )
        values = np.unique(command)
        if len(values) == 2 and not np.allclose(values, sorted(ends), atol=TOLERANCE):
            raise ValueError(f"{stored.name}: the gripper is {values[0]:g} or {values[1]:g}, but {declared}.")
        if ends == (LIBERO_OPEN, LIBERO_CLOSED):
            return actions
        closed = (command - self.gripper_open) / (self.gripper_closed - self.gripper_open)
        libero = LIBERO_OPEN + (LIBERO_CLOSED - LIBERO_OPEN) * closed
        return np.concatenate([actions[:, :6], libero[:, None]], axis=1).astype(actions.dtype)


def _paired(episode: Episode) -> Episode:
    """Pair each observation with the action after it."""
    if len(episode) < 2:
        raise ValueError(f"{episode.name} has 1 step, but an observation after the action leaves no pair in it.")
    return replace(
        episode,
        frames=episode.frames[:-1],
        proprio=episode.proprio[:-1],
        actions=episode.actions[1:],
        joints=episode.joints[:-1] if episode.joints is not None else None,
    )


LIBERO_HDF5 = Conventions(
    views=("agentview_rgb", "eye_in_hand_rgb"),
    observed_after_action=True,
    half_turned=True,
    gripper_open=-1.0,
    gripper_closed=1.0,
    fps=20.0,
    language="attribute",
)
"""LIBERO's own demonstrations, and those of `vlareg.data.demonstrations`."""

REGENERATED_HDF5 = replace(LIBERO_HDF5, observed_after_action=False, language="file_name")
"""OpenVLA's regenerated demonstrations: 256 pixels, without no-ops, without attributes, with gaps in the numbers."""

CONVERTED_RLDS = replace(LIBERO_HDF5, observed_after_action=False, half_turned=False)
"""What `vlareg.data.rlds_converter` makes of OpenVLA's `modified_libero_rlds`."""

LEROBOT_LIBERO = Conventions(
    views=("observation.images.image", "observation.images.image2"),
    observed_after_action=False,
    half_turned=False,
    gripper_open=-1.0,
    gripper_closed=1.0,
    # What the published data sets state; the robot they were recorded from ran at 20 Hz.
    fps=10.0,
    language="tasks_table",
)
"""LIBERO in LeRobot's format with its usual names."""

LEROBOT_OPENPI = replace(LEROBOT_LIBERO, views=("image", "wrist_image"))
"""LIBERO in LeRobot's format as openpi names the cameras; states and actions are `state` and `actions`."""
