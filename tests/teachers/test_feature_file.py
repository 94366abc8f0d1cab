import multiprocessing
import os
import shutil
import signal
from collections import namedtuple

import numpy as np
import pytest

from vlareg.teachers.feature_file import FeatureFile

SHAPE = (23, 2, 3, 2, 5)


def features(numbers):
    """Rows that depend on their number alone."""
    return np.stack([np.random.default_rng(i).standard_normal(SHAPE[1:]).astype(np.float32) for i in numbers])


@pytest.fixture(params=["float32", "float16"])
def file(request, tmp_path):
    return FeatureFile(tmp_path / "cache" / "a.npy", SHAPE, request.param)


def test_it_holds_what_was_computed_and_is_memory_mapped(file, capsys):
    file.fill(features, 4, "Toy")
    stored = file.open()
    assert isinstance(stored, np.memmap)
    assert stored.dtype == file.dtype
    np.testing.assert_array_equal(stored, features(range(23)).astype(file.dtype))
    size = f"{23 * 60 * stored.itemsize / 1e6:.1f} MB"
    said = capsys.readouterr().out
    assert f"Toy: 23 samples, 2 views of 3 x 2 patches, 5 x {file.dtype}: {size} in {file.path}" in said


def test_its_size_is_said_before_anything_is_computed(file, capsys):
    def compute(numbers):
        assert "Toy: 23 samples" in capsys.readouterr().out
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        file.fill(compute, 4, "Toy")


def test_a_complete_file_is_not_touched(file):
    file.fill(features, 4, "Toy")
    file.fill(lambda numbers: pytest.fail("computed again"), 4, "Toy")


def killed_at(limit, file):
    def compute(numbers):
        if limit in numbers:
            os.kill(os.getpid(), signal.SIGKILL)
        return features(numbers)

    file.fill(compute, 4, "Toy")


def test_a_killed_computation_goes_on_where_it_was(file, tmp_path):
    process = multiprocessing.get_context("fork").Process(target=killed_at, args=(14, file))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert not file.path.exists()
    seen = []

    def compute(numbers):
        seen.extend(numbers)
        return features(numbers)

    file.fill(compute, 4, "Toy")
    assert seen == list(range(12, 23))
    whole = FeatureFile(tmp_path / "whole.npy", SHAPE, file.dtype)
    whole.fill(features, 4, "Toy")
    assert file.path.read_bytes() == whole.path.read_bytes()


@pytest.mark.parametrize("cut", [1, 40, 900])
def test_a_torn_part_is_computed_anew(file, cut):
    with pytest.raises(RuntimeError, match="stop"):
        file.fill(lambda numbers: features(numbers) if numbers.start < 8 else stop(), 4, "Toy")
    partial = file.path.with_suffix(".partial")
    os.truncate(partial, max(0, partial.stat().st_size - cut))
    starts = []
    file.fill(lambda numbers: starts.append(numbers.start) or features(numbers), 4, "Toy")
    assert not any(start % 4 for start in starts)  # the same parts as in one go, so the same bits
    np.testing.assert_array_equal(file.open(), features(range(23)).astype(file.dtype))


@pytest.mark.parametrize("size", [0, 10])
def test_a_torn_header_is_written_anew(file, size):
    file.path.parent.mkdir()
    file.path.with_suffix(".partial").write_bytes(b"x" * size)
    file.fill(features, 4, "Toy")
    np.testing.assert_array_equal(file.open(), features(range(23)).astype(file.dtype))


def stop():
    raise RuntimeError("stop")


def test_a_disk_without_room_is_seen_before_anything_is_computed(file, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage(10**9, 10**9, 100))
    with pytest.raises(
        OSError, match=rf"23 samples.* MB are to be written to {file.path.parent}, which has 0.0 MB left"
    ):
        file.fill(lambda numbers: pytest.fail("computed"), 4, "Toy")


@pytest.mark.parametrize("wrong", [np.nan, np.inf, 1e6])
def test_features_that_the_type_cannot_hold_are_refused(tmp_path, wrong):
    file = FeatureFile(tmp_path / "a.npy", SHAPE, "float16")
    with pytest.raises(ValueError, match=r"`dtype`: a feature of up to .* is no finite float16"):
        file.fill(lambda numbers: np.where(features(numbers) > 1, wrong, 0), 4, "Toy")
    assert not file.path.exists()
