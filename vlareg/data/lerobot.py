"""Read LeRobot data sets, versions 2 and 3, with pictures in the tables or in videos."""

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from vlareg.data.conventions import LEROBOT_LIBERO, Conventions
from vlareg.data.episode import Episode, TaskSource
from vlareg.data.language import one_line
from vlareg.data.lerobot_index import LeRobotIndex
from vlareg.data.parquet import Row, read_parquet
from vlareg.data.video import read_video


@dataclass(frozen=True)
class LeRobotTask:
    """The episodes of one task of a LeRobot data set.

    Args:
        index: The data set.
        task: The task in words.
        conventions: What its numbers mean; `views` are names of features.
        state_key: Column of the states (position, axis-angle, finger positions).
        action_key: Column of the actions.
    """

    index: LeRobotIndex
    task: str
    conventions: Conventions
    state_key: str
    action_key: str

    @property
    def name(self) -> str:
        """Folder and task."""
        return f"{self.index.folder}/{self.task}"

    @property
    def identity(self) -> tuple[object, ...]:
        """The data set's files and how they are read."""
        folder = self.index.folder.resolve()
        return (folder, self.index.version_files, self.task, self.conventions, self.state_key, self.action_key)

    def episodes(self) -> Iterator[Episode]:
        """Yield the episodes in the order of their (possibly gappy) numbers.

        Raises:
            ValueError: Rows, pictures or videos are damaged or absent; the message names file, episode and frame.
        """
        self.conventions.check_fps(self.index.info["fps"], str(self.index.folder / "meta/info.json"))
        for row in self.index.episodes:
            if row["tasks"][0] == self.task:
                yield self.conventions.translate(self._episode(row))

    def _episode(self, episode: Row) -> Episode:
        file, number = self.index.data_file(episode), int(episode["episode_index"])
        name = f"{file}:episode {number}"
        pictures = [view for view in self.conventions.views if not self.index.is_video(view)]
        columns = ["frame_index", "task_index", self.state_key, self.action_key, *pictures]
        steps = sorted(read_parquet(file, columns, number), key=lambda step: int(step["frame_index"]))
        self._check(steps, int(episode["length"]), name)
        views = [self._view(view, episode, steps, name) for view in self.conventions.views]
        if len({view.shape for view in views}) > 1:
            raise ValueError(f"{name}: the views differ in size: {[view.shape for view in views]}.")
        states, actions = (_numbers(steps, key, name) for key in (self.state_key, self.action_key))
        return Episode(name, one_line(self.task), np.stack(views, axis=1), states, actions)

    def _check(self, steps: list[Row], length: int, name: str) -> None:
        found = [int(step["frame_index"]) for step in steps]
        if found != list(range(length)):
            missing = next((frame for frame in range(length) if frame not in found), length)
            raise ValueError(f"{name}: frame {missing} is missing or there are too many; {length} are announced.")
        told = {self.index.tasks.get(int(step["task_index"])) for step in steps}
        if told != {self.task}:
            raise ValueError(f"{name}: its frames are of the tasks {told}, but it is listed as {self.task!r}.")

    def _view(self, view: str, episode: Row, steps: list[Row], name: str) -> UInt8[np.ndarray, "steps height width 3"]:
        if not self.index.is_video(view):
            pictures = [self._picture(step[view], f"{name}, frame {frame}") for frame, step in enumerate(steps)]
            if len({picture.shape for picture in pictures}) > 1:
                raise ValueError(f"{name}: the pictures of {view!r} differ in size.")
            return np.stack(pictures)
        clip = self.index.clip(episode, view)
        try:
            return read_video(clip.file, len(steps), float(self.index.info["fps"]), clip.start)
        except (FileNotFoundError, ValueError) as error:
            raise ValueError(f"{name}, camera {view!r}: {error}") from error

    def _picture(self, cell: Row | None, where: str) -> UInt8[np.ndarray, "height width 3"]:
        """Decode a cell, which has a picture's bytes, or only the path of its file."""
        try:
            content = (cell or {}).get("bytes") or (self.index.folder / (cell or {})["path"]).read_bytes()
            return np.asarray(Image.open(BytesIO(content)).convert("RGB"))
        except (OSError, KeyError, TypeError) as error:
            raise ValueError(f"{where}: the picture cannot be read ({error}).") from error


class LeRobotFolder:
    """A LeRobot data set, version 2 or 3, on the disk.

    Args:
        folder: The data set.
        conventions: What its numbers mean.
        state_key: Column of the states: end-effector position (m), axis-angle (rad), finger positions (m).
        action_key: Column of the actions.
        instructions: Tasks to read, in words; None is all.

    Raises:
        FileNotFoundError: There is no data set.
        ValueError: A task is not in it, an episode has several, or a camera is absent.
    """

    def __init__(
        self,
        folder: str,
        conventions: Conventions = LEROBOT_LIBERO,
        state_key: str = "observation.state",
        action_key: str = "action",
        instructions: list[str] | None = None,
    ) -> None:
        self.index = LeRobotIndex(folder)
        self.conventions, self.state_key, self.action_key = conventions, state_key, action_key
        if conventions.language != "tasks_table":
            raise ValueError(
                f"`language` of a LeRobot data set must be 'tasks_table', but is {conventions.language!r}."
            )
        for view in conventions.views:
            self.index.is_video(view)
        for row in self.index.episodes:
            if len(row["tasks"]) != 1:
                raise ValueError(
                    f"{folder}: episode {row['episode_index']} must have one task, but has {row['tasks']}."
                )
        there = [self.index.tasks[number] for number in sorted(self.index.tasks)]
        if absent := [text for text in instructions or [] if text not in there]:
            raise ValueError(f"`instructions`: {folder} has no task {absent[0]!r}; it has {there}.")
        self.instructions = there if instructions is None else list(instructions)

    def tasks(self) -> list[TaskSource]:
        """Return one source a task, those without an episode left out, in the order of the table of tasks."""
        used = {row["tasks"][0] for row in self.index.episodes}
        options = (self.conventions, self.state_key, self.action_key)
        return [LeRobotTask(self.index, text, *options) for text in self.instructions if text in used]


def _numbers(steps: list[Row], key: str, name: str) -> np.ndarray:
    try:
        return np.asarray([step[key] for step in steps], dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name}: {key!r} has no, or not equally many, numbers in every frame ({error}).") from error
