"""Write small LeRobot data sets with pyarrow and ffmpeg."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

VIEWS = ("observation.images.image", "observation.images.image2")
TASKS = ("put the red cube on the plate", "push the block to the red region")
SIZE = 32
FPS = 10


@dataclass(frozen=True)
class Recorded:
    """Episode `index` of `task`, `steps` long."""

    index: int
    task: int
    steps: int


EPISODES = (Recorded(0, 0, 9), Recorded(2, 1, 8), Recorded(3, 0, 7), Recorded(10, 1, 10))
"""With gaps in the numbers."""


def level(index: int, step: int, view: int = 0) -> int:
    """Return the gray level in the upper half of a frame; the lower half is black."""
    return 40 + 15 * step + 4 * (index % 4) + 40 * view


def picture(index: int, step: int, view: int) -> np.ndarray:
    frame = np.zeros((SIZE, SIZE, 3), np.uint8)
    frame[: SIZE // 2] = level(index, step, view)
    return frame


def write_video(file: Path, frames: list[np.ndarray], options: Sequence[str] = ()) -> None:
    """Encode with predicted frames in both directions, so that decoding order is not display order."""
    file.parent.mkdir(parents=True, exist_ok=True)
    options = ["-g", "12", "-bf", "2", "-crf", "10", *options]
    writer = imageio_ffmpeg.write_frames(
        str(file), frames[0].shape[1::-1], fps=FPS, codec="libx264", quality=None, output_params=options
    )
    writer.send(None)
    for frame in frames:
        writer.send(np.ascontiguousarray(frame))
    writer.close()


def write_lerobot(folder: Path, version: int, video: bool, episodes: tuple[Recorded, ...] = EPISODES) -> Path:
    """Write a data set in which the first state and action of step t are t, and the gripper closes in the second half."""
    data, meta = folder / "data/chunk-000", folder / "meta"
    data.mkdir(parents=True)
    meta.mkdir()
    kind = "video" if video else "image"
    info = {
        "codebase_version": f"v{version}.{0 if version == 3 else 1}",
        "fps": FPS,
        "chunks_size": 1000,
        "features": {view: {"dtype": kind, "shape": [SIZE, SIZE, 3]} for view in VIEWS},
    }
    (meta / "info.json").write_text(json.dumps(info))
    tables = {episode.index: _table(episode, video) for episode in episodes}
    if version == 2:
        _lines(meta / "tasks.jsonl", [{"task_index": i, "task": task} for i, task in enumerate(TASKS)])
        rows = [{"episode_index": e.index, "tasks": [TASKS[e.task]], "length": e.steps} for e in episodes]
        _lines(meta / "episodes.jsonl", rows)
        for episode in episodes:
            pq.write_table(tables[episode.index], data / f"episode_{episode.index:06d}.parquet")
            for number, view in enumerate(VIEWS if video else ()):
                frames = [picture(episode.index, step, number) for step in range(episode.steps)]
                write_video(folder / f"videos/chunk-000/{view}/episode_{episode.index:06d}.mp4", frames)
        return folder
    names = {"__index_level_0__": list(TASKS), "task_index": range(len(TASKS))}
    pq.write_table(pa.table(names), meta / "tasks.parquet")
    pq.write_table(pa.concat_tables(list(tables.values())), data / "file-000.parquet")
    _write_v3_episodes(folder, episodes, video)
    return folder


def _write_v3_episodes(folder: Path, episodes: tuple[Recorded, ...], video: bool) -> None:
    rows, first = [], 0
    for e in episodes:
        row = {"episode_index": e.index, "tasks": [TASKS[e.task]], "length": e.steps}
        row |= {"data/chunk_index": 0, "data/file_index": 0}
        for view in VIEWS if video else ():
            row |= {f"videos/{view}/chunk_index": 0, f"videos/{view}/file_index": 0}
            row |= {
                f"videos/{view}/from_timestamp": first / FPS,
                f"videos/{view}/to_timestamp": (first + e.steps) / FPS,
            }
        rows.append(row)
        first += e.steps
    (folder / "meta/episodes/chunk-000").mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(rows), folder / "meta/episodes/chunk-000/file-000.parquet")
    for number, view in enumerate(VIEWS if video else ()):
        frames = [picture(e.index, step, number) for e in episodes for step in range(e.steps)]
        write_video(folder / f"videos/{view}/chunk-000/file-000.mp4", frames)


def _table(episode: Recorded, video: bool) -> pa.Table:
    steps = np.arange(episode.steps)
    actions = np.full((episode.steps, 7), 0.5, np.float32)
    actions[:, 0], actions[:, 6] = steps, np.where(steps < episode.steps // 2, -1, 1)
    states = np.zeros((episode.steps, 8), np.float32)
    states[:, 0] = steps
    columns = {
        "observation.state": states.tolist(),
        "action": actions.tolist(),
        "timestamp": (steps / FPS).astype(np.float32),
        "frame_index": steps,
        "episode_index": np.full(episode.steps, episode.index),
        "task_index": np.full(episode.steps, episode.task),
    }
    for number, view in enumerate(() if video else VIEWS):
        columns[view] = [{"bytes": _png(picture(episode.index, s, number)), "path": f"{s}.png"} for s in steps]
    return pa.table(columns)


def _png(frame: np.ndarray) -> bytes:
    buffer = BytesIO()
    Image.fromarray(frame).save(buffer, "PNG")
    return buffer.getvalue()


def _lines(file: Path, rows: list[dict[str, object]]) -> None:
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
