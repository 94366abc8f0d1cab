"""Read LIBERO's raw HDF5 demonstrations, episode by episode."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
from jaxtyping import Float, UInt8

VIEWS = ("agentview_rgb", "eye_in_hand_rgb")
JOINTS = "joint_states"


@dataclass(frozen=True)
class Episode:
    """One demonstration: step t is what was observed before action t.

    Args:
        name: File and group, for messages.
        instruction: The task in words.
        frames: Images as they are stored (upside down in LIBERO's files).
        proprio: End-effector position (m), axis-angle (rad), gripper finger positions (m).
        actions: Commands in the file's convention (gripper: -1 opens, +1 closes).
        joints: Joint positions (rad), None where the file has none.
    """

    name: str
    instruction: str
    frames: UInt8[np.ndarray, "steps views height width 3"]
    proprio: Float[np.ndarray, "steps 8"]
    actions: Float[np.ndarray, "steps 7"]
    joints: Float[np.ndarray, "steps joints"] | None = None

    def __len__(self) -> int:
        return len(self.actions)


class LiberoHDF5:
    """The episodes of one `{task}_demo.hdf5`.

    Args:
        file: Path of the HDF5 file.
        views: Names below `obs/`, in the order in which the policy reads them.
        action_key: Data set of a demonstration that holds the labels; `expert_actions` in files of `vlareg.data.demonstrations`
            has the expert's commands without the noise that was executed.
        observed_after_action: True for LIBERO's own files, where `obs[t]` was recorded after `actions[t]`: then `obs[t - 1]` is paired with
            `actions[t]` and the first action is dropped. False for files regenerated with the observation before the action.

    Raises:
        FileNotFoundError: The file does not exist.
        ValueError: The file is truncated, is not HDF5, or lacks a key; the message names it.
    """

    def __init__(
        self,
        file: str | Path,
        *,
        views: tuple[str, ...] = VIEWS,
        action_key: str = "actions",
        observed_after_action: bool = True,
    ) -> None:
        self.file, self.views, self.action_key = Path(file), tuple(views), action_key
        self.observed_after_action = observed_after_action
        if not self.file.exists():
            raise FileNotFoundError(
                f"`file`: {self.file} does not exist; record it with `python -m vlareg.data.demonstrations`."
            )

    def episodes(self) -> Iterator[Episode]:
        """Yield the demonstrations in natural order of their (possibly gappy) numbers."""
        with self._open() as root:
            group = self._child(root, "data")
            instruction = self._instruction(group)
            for name in sorted(group, key=_natural):
                yield self._episode(group[name], f"{self.file.name}:{name}", instruction)

    def _open(self) -> h5py.File:
        try:
            return h5py.File(self.file, "r")
        except OSError as error:
            raise ValueError(
                f"`file`: {self.file} is not a complete HDF5 file ({error}); delete it and record or download it again."
            ) from error

    def _child(self, group: h5py.Group, key: str) -> h5py.Group | h5py.Dataset:
        if key not in group:
            raise ValueError(f"{self.file}: {group.name} has no `{key}`; it has {sorted(group)}.")
        return group[key]

    def _array(self, group: h5py.Group, key: str) -> np.ndarray:
        try:
            return np.asarray(self._child(group, key))
        except OSError as error:
            raise ValueError(
                f"{self.file}: {group.name}/{key} cannot be read ({error}); the file is damaged."
            ) from error

    def _instruction(self, group: h5py.Group) -> str:
        if "problem_info" in group.attrs:
            return " ".join(json.loads(group.attrs["problem_info"])["language_instruction"].split())
        return self.file.stem.removesuffix("_demo").replace("_", " ")

    def _episode(self, demo: h5py.Group, name: str, instruction: str) -> Episode:
        observation = self._child(demo, "obs")
        frames = np.stack([self._array(observation, view) for view in self.views], axis=1)
        proprio = np.concatenate(
            [self._array(observation, key) for key in ("ee_pos", "ee_ori", "gripper_states")], axis=1
        )
        actions = self._array(demo, self.action_key).astype(np.float32)
        # Data sets without joint positions are common, and only some regularizers read them.
        joints = self._array(observation, JOINTS).astype(np.float32) if JOINTS in observation else None
        if not len(frames) == len(proprio) == len(actions) == len(actions if joints is None else joints):
            raise ValueError(
                f"{self.file}: {demo.name} has {len(frames)} frames, {len(proprio)} states and {len(actions)} actions."
            )
        if self.observed_after_action:
            frames, proprio, actions = frames[:-1], proprio[:-1], actions[1:]
            joints = joints[:-1] if joints is not None else None
        return Episode(name, instruction, frames, proprio.astype(np.float32), actions, joints)


def _natural(name: str) -> list[int | str]:
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]
