"""Videos are upright, side by side, few, and whole or absent."""

import resource
import signal
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest

from vlareg.evaluation import Episode, Outcome
from vlareg.evaluation.videos import VideoShelf, side_by_side, write_video


def views(brightness: int = 0) -> np.ndarray:
    """Two images; the first one's lower right corner, as the simulator gives it, is white."""
    frames = np.full((2, 32, 32, 3), brightness, dtype=np.uint8)
    frames[0, 16:, 16:] = 255
    return frames


def test_upright_and_side_by_side() -> None:
    picture = side_by_side(views())
    assert picture.shape == (32, 64, 3)
    assert (picture[:16, :16] == 255).all()
    assert picture.sum() == 255 * 16 * 16 * 3


def test_a_video_can_be_read_back(tmp_path: Path) -> None:
    write_video(tmp_path / "videos" / "a.mp4", [views(brightness) for brightness in (0, 40, 80, 120)])
    reader = imageio_ffmpeg.read_frames(str(tmp_path / "videos" / "a.mp4"))
    facts = next(reader)
    pictures = [np.frombuffer(frame, np.uint8).reshape(32, 64, 3) for frame in reader]
    assert (facts["size"], facts["fps"], len(pictures)) == ((64, 32), 20.0, 4)
    assert pictures[0][:12, :12].mean() > 230
    assert [picture[20:, 40:].mean() for picture in pictures] == pytest.approx([0, 40, 80, 120], abs=12)
    assert [file.name for file in (tmp_path / "videos").iterdir()] == ["a.mp4"]


def test_no_frames_are_no_video(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one frame"):
        write_video(tmp_path / "a.mp4", [])
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_no_broken_video(tmp_path: Path) -> None:
    """A limit on the files' size stands for the full disk."""
    noise = list(np.random.default_rng(0).integers(0, 256, (20, 2, 64, 64, 3), dtype=np.uint8))
    limits, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    try:
        with pytest.raises(OSError, match=r"a\.mp4 could not be written whole"):
            write_video(tmp_path / "a.mp4", noise)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert list(tmp_path.iterdir()) == []
    write_video(tmp_path / "a.mp4", noise)


def outcome(init_index: int, success: bool | None) -> Outcome:
    error = "boom" if success is None else None
    return Outcome(Episode(6, init_index), "do", success, 2, error=error, frames=[views(), views()])


def test_some_successes_and_some_failures_of_each_task(tmp_path: Path) -> None:
    shelf = VideoShelf(tmp_path, per_outcome=1)
    for init_index, success in enumerate([True, True, None]):
        assert shelf.wants(Episode(6, init_index))
        shelf.add(outcome(init_index, success))
    later = VideoShelf(tmp_path, per_outcome=1)
    later.add(outcome(3, True))
    later.add(outcome(4, False))
    names = ["task06_init000_success.mp4", "task06_init004_failure.mp4"]
    assert sorted(file.name for file in tmp_path.iterdir()) == names
    assert not later.wants(Episode(6, 5))
    assert later.wants(Episode(7, 5))


def test_no_videos_are_wanted(tmp_path: Path) -> None:
    assert not VideoShelf(tmp_path, per_outcome=0).wants(Episode(6, 0))
