import numpy as np
import pytest

from tests.data.make_lerobot import FPS, level, picture, write_video
from vlareg.data.video import read_video


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    file = tmp_path_factory.mktemp("video") / "a.mp4"
    write_video(file, [picture(0, step % 14, 0) for step in range(28)])
    return file


@pytest.mark.parametrize("first", [0, 1, 5, 13, 20])
def test_a_run_of_frames_begins_where_it_is_asked_to(file, first):
    count = min(8, 28 - first)
    frames = read_video(file, count, FPS, start=first / FPS)
    found = frames[:, 4:12, :, 0].mean(axis=(1, 2))
    np.testing.assert_allclose(found, [level(0, step % 14) for step in range(first, first + count)], atol=3)


def test_a_timestamp_may_be_rounded(file):
    """LeRobot's are sums of quotients, in 32 bits in some releases."""
    frames = read_video(file, 2, FPS, start=5 / FPS + 1e-4)
    np.testing.assert_allclose(frames[:, 4:12, :, 0].mean(axis=(1, 2)), [level(0, 5), level(0, 6)], atol=3)


def test_a_gap_in_the_timestamps_is_not_filled(tmp_path):
    """Every stored frame belongs to a row of the table; ffmpeg would repeat the one before the gap."""
    gap = ["-vf", "setpts=(N+3*gte(N\\,4))/10/TB", "-fps_mode", "vfr"]
    write_video(tmp_path / "a.mp4", [picture(0, step, 0) for step in range(9)], options=gap)
    frames = read_video(tmp_path / "a.mp4", 9, FPS)
    np.testing.assert_allclose(frames[:, 4:12, :, 0].mean(axis=(1, 2)), [level(0, step) for step in range(9)], atol=3)


def test_a_video_that_ends_too_early_is_named_with_the_frame(file):
    with pytest.raises(ValueError, match=r"a\.mp4 has no frame 3 after 2\.5 s, where 5 are expected"):
        read_video(file, 5, FPS, start=2.5)


def test_a_damaged_or_missing_video_is_named(file, tmp_path):
    (tmp_path / "cut.mp4").write_bytes(file.read_bytes()[:600])
    with pytest.raises(ValueError, match=r"cut\.mp4 cannot be decoded"):
        read_video(tmp_path / "cut.mp4", 5, FPS)
    with pytest.raises(FileNotFoundError, match=r"none\.mp4 does not exist"):
        read_video(tmp_path / "none.mp4", 5, FPS)
