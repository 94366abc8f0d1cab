"""MP4s of episodes: all views side by side, upright."""

from collections.abc import Sequence
from pathlib import Path

import imageio_ffmpeg
import numpy as np
from jaxtyping import UInt8

from vlareg.evaluation.interfaces import Episode, Views
from vlareg.evaluation.rollout import Outcome
from vlareg.files import atomic_file

FPS = 20
"""Frames per second; LIBERO's control frequency, so that a video runs in real time."""


def side_by_side(frames: Views) -> UInt8[np.ndarray, "height all_widths 3"]:
    """Return an observation's images as one picture, each rotated by 180 degrees, which is how the policy sees them."""
    return np.ascontiguousarray(np.concatenate(list(frames[:, ::-1, ::-1]), axis=1))


def write_video(path: str | Path, frames: Sequence[Views]) -> None:
    """Write an episode's observations as an H.264 video, which is there complete or not at all.

    Args:
        path: The MP4.
        frames: The observations in order, at least one.

    Raises:
        ValueError: If there are no frames.
        OSError: If the video cannot be written.
    """
    if not frames:
        raise ValueError(f"A video needs at least one frame, but there are none for {path}.")
    pictures = [side_by_side(views) for views in frames]
    height, width, _ = pictures[0].shape
    with atomic_file(path) as partial:
        writer = imageio_ffmpeg.write_frames(
            str(partial), (width, height), fps=FPS, macro_block_size=2, ffmpeg_log_level="error", codec="libx264"
        )
        writer.send(None)
        try:
            for picture in pictures:
                writer.send(picture)
        except OSError as error:
            raise _not_whole(path) from error
        finally:
            writer.close()
        if _count_frames(partial) != len(pictures):
            raise _not_whole(path)


def _not_whole(path: str | Path) -> OSError:
    return OSError(f"{path} could not be written whole; is the disk full? The episode's record is kept all the same.")


def _count_frames(path: Path) -> int:
    try:
        return int(imageio_ffmpeg.count_frames_and_secs(str(path))[0])
    except RuntimeError:  # ffmpeg cannot read it at all
        return 0


class VideoShelf:
    """A folder with videos of a few episodes of every task and outcome.

    Args:
        folder: Where the MP4s are; those of an earlier run count.
        per_outcome: How many successes and how many failures of each task are kept (>= 0).
    """

    def __init__(self, folder: str | Path, per_outcome: int) -> None:
        self._folder = Path(folder)
        self._per_outcome = per_outcome

    def wants(self, episode: Episode) -> bool:
        """Return whether a video of this episode would be kept, whatever comes of it."""
        return any(self._has_room(episode.task, word) for word in ("success", "failure"))

    def add(self, outcome: Outcome) -> None:
        """Write the episode's video if there is room for its outcome; an episode without an outcome has none."""
        word = "success" if outcome.success else "failure"
        if outcome.success is None or not outcome.frames or not self._has_room(outcome.episode.task, word):
            return
        name = f"task{outcome.episode.task:02d}_init{outcome.episode.init_index:03d}_{word}.mp4"
        write_video(self._folder / name, outcome.frames)

    def _has_room(self, task: int, word: str) -> bool:
        return len(list(self._folder.glob(f"task{task:02d}_init*_{word}.mp4"))) < self._per_outcome
