"""What a LeRobot data set says about itself: rate, features, tasks, and where each episode's rows and videos are."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vlareg.data.natural_order import natural
from vlareg.data.parquet import Row, read_json_lines, read_parquet

V3_TEMPLATES = {
    "data_path": "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet",
    "video_path": "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4",
}
V2_TEMPLATES = {
    "data_path": "data/chunk-{episode_chunk:03d}/episode_{episode_index:06d}.parquet",
    "video_path": "videos/chunk-{episode_chunk:03d}/{video_key}/episode_{episode_index:06d}.mp4",
}


@dataclass(frozen=True)
class Clip:
    """A run of frames in a video file.

    Args:
        file: The video.
        start: Time of the first frame (s).
    """

    file: Path
    start: float


class LeRobotIndex:
    """The `meta` folder of a LeRobot data set, version 2 (a file an episode) or 3 (several episodes a file).

    Args:
        folder: The data set.

    Raises:
        FileNotFoundError: There is no `meta/info.json`.
        ValueError: It is of another version, or a table is damaged.

    Reference:
        The formats of LeRobot's releases 2.0, 2.1 and 3.0 (Cadene et al., "LeRobot", 2024, github.com/huggingface/lerobot).
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        info = self.folder / "meta/info.json"
        if not info.exists():
            raise FileNotFoundError(f"`folder`: {info} does not exist, so {self.folder} is no LeRobot data set.")
        self.info: dict[str, Any] = json.loads(info.read_text())
        version = str(self.info.get("codebase_version"))
        if not version.startswith(("v2.", "v3.")):
            raise ValueError(f"{info}: `codebase_version` must be v2.x or v3.x, but is {version!r}.")
        self.is_v3 = version.startswith("v3")
        self.templates = {**(V3_TEMPLATES if self.is_v3 else V2_TEMPLATES), **_given(self.info)}
        self.tasks = self._tasks()
        self.episodes = sorted(self._episodes(), key=lambda row: int(row["episode_index"]))

    @property
    def version_files(self) -> tuple[tuple[str, int, int], ...]:
        """Names, sizes and dates of all files, by which a changed data set is recognised."""
        files = [file for part in ("meta", "data", "videos", "images") for file in (self.folder / part).rglob("*.*")]
        stats = [(str(file.relative_to(self.folder)), file.stat()) for file in sorted(files)]
        return tuple((name, stat.st_size, stat.st_mtime_ns) for name, stat in stats)

    def is_video(self, view: str) -> bool:
        """Tell whether a camera's pictures are a video, not a column of pictures.

        Args:
            view: The camera.

        Raises:
            ValueError: There is no such camera.
        """
        features = self.info["features"]
        cameras = [name for name, feature in features.items() if feature["dtype"] in ("image", "video")]
        if view not in cameras:
            raise ValueError(f"{self.folder} has no camera {view!r}; it has {cameras}.")
        return bool(features[view]["dtype"] == "video")

    def data_file(self, episode: Row) -> Path:
        """Return the Parquet file with an episode's rows.

        Args:
            episode: One of `episodes`.
        """
        return self._path("data_path", episode, "data")

    def clip(self, episode: Row, view: str) -> Clip:
        """Return where an episode's frames of a camera are.

        Args:
            episode: One of `episodes`.
            view: The camera.
        """
        file = self._path("video_path", episode, f"videos/{view}", video_key=view)
        return Clip(file, float(episode[f"videos/{view}/from_timestamp"]) if self.is_v3 else 0.0)

    def _path(self, template: str, episode: Row, prefix: str, **names: str) -> Path:
        if self.is_v3:
            numbers = {key: int(episode[f"{prefix}/{key}"]) for key in ("chunk_index", "file_index")}
        else:
            index = int(episode["episode_index"])
            numbers = {"episode_index": index, "episode_chunk": index // int(self.info.get("chunks_size", 1000))}
        return self.folder / self.templates[template].format(**numbers, **names)

    def _tasks(self) -> dict[int, str]:
        if not self.is_v3:
            return {int(row["task_index"]): row["task"] for row in read_json_lines(self.folder / "meta/tasks.jsonl")}
        rows = read_parquet(self.folder / "meta/tasks.parquet")
        # The text is the table's index, whose name differs between releases.
        return {int(row["task_index"]): next(v for k, v in row.items() if k != "task_index") for row in rows}

    def _episodes(self) -> list[Row]:
        if not self.is_v3:
            return read_json_lines(self.folder / "meta/episodes.jsonl")
        files = sorted((self.folder / "meta/episodes").rglob("*.parquet"), key=lambda file: natural(str(file)))
        return [row for file in files for row in read_parquet(file)]


def _given(info: dict[str, Any]) -> dict[str, str]:
    return {key: info[key] for key in ("data_path", "video_path") if info.get(key)}
