import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from tests.data.make_hdf5 import write_demonstrations
from vlareg.data.conventions import LIBERO_HDF5
from vlareg.data.libero_hdf5 import LiberoHDF5
from vlareg.data.prepared import prepare_file


class _Prepare:
    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, frames: np.ndarray) -> np.ndarray:
        self.calls += 1
        return frames[..., ::2, ::2, :]


@pytest.fixture
def source(tmp_path):
    return LiberoHDF5(write_demonstrations(tmp_path / "a_demo.hdf5", {"demo_0": 4, "demo_1": 6}))


def test_the_second_time_comes_from_the_cache_and_is_the_same(source, tmp_path):
    prepare = _Prepare()
    first = prepare_file(source, prepare, "half", tmp_path / "cache")
    again = prepare_file(source, prepare, "half", tmp_path / "cache")
    assert prepare.calls == 2  # once an episode
    np.testing.assert_array_equal(first.frames, again.frames)
    assert first.episodes.tolist() == [0] * 3 + [1] * 5
    assert first.frames.shape == (8, 2, 16, 16, 3)
    assert isinstance(again.frames, np.memmap)


def test_another_fingerprint_view_or_file_is_another_entry(source, tmp_path):
    prepare = _Prepare()
    prepare_file(source, prepare, "half", tmp_path / "cache")
    prepare_file(source, prepare, "other", tmp_path / "cache")
    prepare_file(
        LiberoHDF5(source.file, conventions=replace(LIBERO_HDF5, views=("agentview_rgb",))),
        prepare,
        "half",
        tmp_path / "cache",
    )
    os.utime(source.file, ns=(0, 0))
    prepare_file(source, prepare, "half", tmp_path / "cache")
    assert prepare.calls == 8


def test_what_fails_half_way_is_no_entry(source, tmp_path):
    def fails(frames: np.ndarray) -> np.ndarray:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        prepare_file(source, fails, "half", tmp_path / "cache")
    assert not list((tmp_path / "cache").glob("*/"))
    assert len(prepare_file(source, _Prepare(), "half", tmp_path / "cache").actions) == 8


def test_one_at_a_time_fills_an_entry_and_the_others_find_it(source, tmp_path):
    class Slow(_Prepare):
        def __call__(self, frames: np.ndarray) -> np.ndarray:
            time.sleep(0.2)
            return super().__call__(frames)

    prepare = Slow()
    with ThreadPoolExecutor(3) as pool:
        started = [pool.submit(prepare_file, source, prepare, "half", tmp_path / "cache") for _ in range(3)]
    assert [len(future.result().actions) for future in started] == [8] * 3
    assert prepare.calls == 2  # once an episode


def test_frames_are_written_as_numpy_writes_them(source, tmp_path):
    """Whole data sets do not fit into memory, so they grow on the disk; the file is the one `np.save` makes."""
    prepared = prepare_file(source, _Prepare(), "half", tmp_path / "cache")
    np.save(tmp_path / "whole.npy", np.concatenate([_Prepare()(episode.frames) for episode in source.episodes()]))
    (written,) = (tmp_path / "cache").rglob("frames.npy")
    assert written.read_bytes() == (tmp_path / "whole.npy").read_bytes()
    assert [name.split(":")[1] for name in prepared.demonstrations] == ["demo_0", "demo_1"]


def test_views_that_become_another_size_are_refused(source, tmp_path):
    sizes = iter([8, 6])
    with pytest.raises(ValueError, match=r"`rows` must be uint8 \(2, 8, 8, 3\) but for their number"):
        prepare_file(source, lambda frames: frames[..., : (n := next(sizes)), :n, :], "odd", tmp_path / "cache")


def test_an_empty_file_and_two_instructions_are_refused(source, tmp_path):
    class Two(LiberoHDF5):
        def episodes(self):
            yield from (replace(e, instruction=e.name) for e in super().episodes())

    with pytest.raises(ValueError, match=r"demo_1: .*, but .*demo_0"):
        prepare_file(Two(source.file), _Prepare(), "half", tmp_path / "cache")
    with pytest.raises(ValueError, match=r"empty_demo\.hdf5 holds no demonstration"):
        prepare_file(LiberoHDF5(write_demonstrations(tmp_path / "empty_demo.hdf5", {})), _Prepare(), "half", tmp_path)
