"""Read HDF5 demonstrations in LIBERO's schema, episode by episode: LIBERO's own, OpenVLA's regenerated, converted ones."""

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import h5py
import numpy as np

from vlareg.data.conventions import LIBERO_HDF5, Conventions
from vlareg.data.episode import Episode, TaskSource
from vlareg.data.language import read_instruction
from vlareg.data.natural_order import natural

JOINTS = "joint_states"
STATES = ("ee_pos", "ee_ori", "gripper_states")


class LiberoHDF5:
    """The episodes of one `{task}_demo.hdf5`.

    Args:
        file: Path of the HDF5 file.
        conventions: What its numbers mean; `views` are names below `obs/`.
        action_key: Data set of a demonstration that holds the labels; `expert_actions` in files of `vlareg.data.demonstrations`
            has the expert's commands without the noise that was executed.
        bddl_folder: Folder of `{task}.bddl` where the language is read from there; None is the file's own.

    Raises:
        FileNotFoundError: The file does not exist.
        ValueError: The file is truncated, is not HDF5, or lacks a key, or its content does not fit the conventions; the
            message names file, demonstration and frame.
    """

    def __init__(
        self,
        file: str | Path,
        *,
        conventions: Conventions = LIBERO_HDF5,
        action_key: str = "actions",
        bddl_folder: str | Path | None = None,
    ) -> None:
        self.file, self.conventions, self.action_key = Path(file), conventions, action_key
        self.bddl_folder = None if bddl_folder is None else Path(bddl_folder)
        if not self.file.exists():
            raise FileNotFoundError(
                f"`file`: {self.file} does not exist; record it with `python -m vlareg.data.demonstrations`."
            )

    @property
    def name(self) -> str:
        """The file's path."""
        return str(self.file)

    @property
    def identity(self) -> tuple[object, ...]:
        """The file, its size and date, and how it is read."""
        stat = self.file.stat()
        return (
            self.file.resolve(),
            stat.st_size,
            stat.st_mtime_ns,
            self.conventions,
            self.action_key,
            self.bddl_folder,
        )

    def episodes(self) -> Iterator[Episode]:
        """Yield the demonstrations in natural order of their (possibly gappy) numbers."""
        with self._open() as root:
            group = self._child(root, "data")
            instruction = read_instruction(self.conventions.language, self.file, group.attrs, self.bddl_folder)
            self._check_fps(group)
            for name in sorted(group, key=natural):
                stored = self._episode(group[name], f"{self.file}:{name}", instruction)
                yield self.conventions.translate(stored)

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
        stored = self._child(group, key)
        try:
            return np.asarray(stored)
        except OSError as error:
            raise ValueError(
                f"{self.file}: {group.name}/{key} cannot be read from frame {_first_unreadable(stored)} on ({error}); "
                f"the file is damaged."
            ) from error

    def _check_fps(self, group: h5py.Group) -> None:
        stated = json.loads(group.attrs.get("env_args", "{}")).get("env_kwargs", {}).get("control_freq")
        if stated is not None:
            self.conventions.check_fps(stated, str(self.file))

    def _episode(self, demo: h5py.Group, name: str, instruction: str) -> Episode:
        observation = self._child(demo, "obs")
        views = [self._array(observation, view) for view in self.conventions.views]
        if len({view.shape for view in views}) > 1:
            raise ValueError(f"{name}: the views differ in size: {[view.shape for view in views]}.")
        states = [self._array(observation, key).astype(np.float32) for key in STATES]
        actions = self._array(demo, self.action_key).astype(np.float32)
        # Data sets without joint positions are common, and only some regularizers read them.
        joints = self._array(observation, JOINTS).astype(np.float32) if JOINTS in observation else None
        return Episode(name, instruction, np.stack(views, axis=1), np.concatenate(states, axis=1), actions, joints)


class LiberoFolder:
    """A folder of `{task}_demo.hdf5`, one file a task.

    Args:
        folder: The folder.
        conventions: What the files' numbers mean.
        action_key: As in `LiberoHDF5`.
        bddl_folder: As in `LiberoHDF5`.

    Raises:
        FileNotFoundError: There is no such file in it.
    """

    def __init__(
        self,
        folder: str,
        conventions: Conventions = LIBERO_HDF5,
        action_key: str = "actions",
        bddl_folder: str | None = None,
    ) -> None:
        self.files = sorted(Path(folder).glob("*.hdf5"), key=lambda file: natural(file.name))
        self.conventions, self.action_key, self.bddl_folder = conventions, action_key, bddl_folder
        if not self.files:
            raise FileNotFoundError(f"`folder`: there is no *.hdf5 in {folder}.")

    def tasks(self) -> list[TaskSource]:
        """Return one source a file, in natural order of their names."""
        return [
            LiberoHDF5(file, conventions=self.conventions, action_key=self.action_key, bddl_folder=self.bddl_folder)
            for file in self.files
        ]


def _first_unreadable(stored: h5py.Dataset) -> int:
    readable = 0
    with suppress(OSError):
        for readable in range(len(stored)):
            stored[readable]
    return readable
