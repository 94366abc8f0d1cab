"""The fixture holds three frames and what the reference pipeline (TensorFlow) makes of them, step by step."""

from pathlib import Path

import numpy as np
import pytest

from vlareg.policies.openvla.preprocessing import centre_crop, jpeg_round_trip, resize, rotate_180

Fixture = dict[str, np.ndarray]


@pytest.fixture(scope="module")
def steps() -> Fixture:
    return dict(np.load(Path(__file__).parents[1] / "fixtures" / "preprocessing.npz"))


def distance(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.abs(x.astype(np.float64) - y.astype(np.float64))


def test_lanczos_from_the_given_jpeg(steps: Fixture) -> None:
    assert distance(resize(steps["after_jpeg"], 224), steps["resized"]).mean() < 0.001


def test_crop_from_the_given_picture(steps: Fixture) -> None:
    error = distance(centre_crop(steps["resized"]), steps["cropped"])
    assert error.max() <= 1.0
    assert error.mean() < 0.001


def test_the_whole_path(steps: Fixture) -> None:
    resized = resize(jpeg_round_trip(rotate_180(steps["simulator"])), 224)
    assert distance(resized, steps["resized"]).mean() < 1.5
    assert distance(centre_crop(resized), steps["cropped"]).mean() < 1.5
    upside_down = resize(jpeg_round_trip(steps["simulator"]), 224)
    assert distance(upside_down, steps["resized"]).mean() > 10.0


def test_rotation_is_by_a_half_turn() -> None:
    frame = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    np.testing.assert_array_equal(rotate_180(frame), np.rot90(frame, 2))


@pytest.mark.parametrize("function", [rotate_180, jpeg_round_trip, centre_crop, lambda x: resize(x, 96)])
def test_leading_axes_are_independent(function: object) -> None:
    frames = np.random.default_rng(0).integers(0, 256, (2, 3, 64, 80, 3), dtype=np.uint8)
    assert callable(function)
    together = function(frames)
    assert together.dtype == np.uint8
    np.testing.assert_array_equal(together[1, 2], function(frames[1, 2]))


@pytest.mark.parametrize("level", [0, 1, 128, 255])
def test_a_plain_picture_stays_plain(level: int) -> None:
    frames = np.full((128, 128, 3), level, dtype=np.uint8)
    for changed in (resize(frames, 96), resize(frames, 224), centre_crop(frames), jpeg_round_trip(frames)):
        assert (changed == level).all()


def test_the_whole_area_is_the_picture_itself() -> None:
    frames = np.random.default_rng(0).integers(0, 256, (96, 96, 3), dtype=np.uint8)
    assert distance(centre_crop(frames, area=1.0), frames).max() <= 1.0
    with pytest.raises(ValueError, match="`area`"):
        centre_crop(frames, area=1.5)
