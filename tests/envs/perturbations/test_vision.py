"""What is seen changes where it should, as much as it should, and nowhere else."""

from collections.abc import Iterator

import numpy as np
import pytest

from tests.envs.perturbations.starts import starts
from vlareg.envs import LiberoEnv
from vlareg.envs.perturbations import (
    BackgroundTexture,
    CameraAzimuth,
    CameraDistance,
    ForegroundBlend,
    ImageBlend,
    Light,
    Perturbation,
    SensorNoise,
    TableTexture,
)
from vlareg.envs.perturbations.foreground import foreground
from vlareg.envs.perturbations.scene import Scene

SIZE = 64
SKY, TABLE = np.s_[0, -10:, :15], np.s_[0, :20, :12]  # of the view over the table, upside down


@pytest.fixture(scope="module")
def control() -> Iterator[LiberoEnv]:
    """Return task 0 after the start of its first episode."""
    env = LiberoEnv("libero_mini", 0, resolution=SIZE)
    env.reset(0)
    yield env
    env.close()


@pytest.fixture(scope="module")
def plain(control: LiberoEnv) -> np.ndarray:
    """Return the control's first images."""
    return control.reset(0).frames


def _frames(perturbation: Perturbation) -> np.ndarray:
    env = LiberoEnv("libero_mini", 0, resolution=SIZE, perturbation=perturbation)
    frames = env.reset(0).frames
    env.close()
    return frames


def _difference(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.abs(one.astype(int) - other)


def test_a_table_texture_changes_the_table_alone(plain: np.ndarray) -> None:
    """More contrast at a higher level."""
    changed = [_frames(TableTexture(level)) for level in (1, 3)]
    for frames in changed:
        np.testing.assert_array_equal(frames[SKY], plain[SKY])
        assert _difference(frames, plain)[TABLE].mean() > 10.0
    spreads = [frames[TABLE].std(axis=(0, 1)).mean() for frames in changed]
    assert 2.0 * spreads[0] < spreads[1]


def test_a_background_texture_changes_sky_and_floor_alone(plain: np.ndarray) -> None:
    """The table and what stands on it are as they were."""
    frames = _frames(BackgroundTexture(3))
    np.testing.assert_array_equal(frames[TABLE], plain[TABLE])
    assert _difference(frames, plain)[SKY].mean() > 10.0


def test_light_gets_farther_from_the_control_with_the_level(plain: np.ndarray) -> None:
    """Everything but the sky, which shines by itself."""
    differences = [_difference(_frames(Light(level)), plain)[TABLE].mean() for level in (1, 3)]
    assert 2.0 < 2.0 * differences[0] < differences[1]


def test_lamps_move_turn_and_change_by_the_stated_amounts() -> None:
    """The headlight's direction is the camera's, so it changes in colour and strength only."""
    with starts(Light(2)) as start:
        lamp, headlight = start.scene.model.light("lamp"), start.scene.model.vis.headlight
        position, direction, before = np.array(lamp.pos), np.array(lamp.dir), np.array(headlight.diffuse)
        start.begin(0)
        assert np.linalg.norm(lamp.pos - position) == pytest.approx(0.6)
        assert lamp.dir @ direction / np.linalg.norm(direction) == pytest.approx(np.cos(np.radians(30.0)))
        ratios = headlight.diffuse / before
        assert {round(float(ratio), 3) for ratio in ratios} in ({1.6, 1.12}, {0.625, 0.438})


def test_a_blend_is_the_stated_share_of_a_texture(plain: np.ndarray) -> None:
    """From both levels the same texture can be computed."""
    weak, strong = _frames(ImageBlend(1)).astype(float), _frames(ImageBlend(2)).astype(float)
    textures = (weak - 0.7 * plain) / 0.3, (strong - 0.5 * plain) / 0.5
    np.testing.assert_allclose(*textures, atol=3.0)  # each is rounded to whole numbers
    assert textures[0].std() > 10.0


def test_a_foreground_blend_spares_table_and_background(control: LiberoEnv, plain: np.ndarray) -> None:
    """It changes the masked pixels, which are the robot's, the cubes' and the plate's, and no other."""
    control.reset(0)
    scene = Scene(control.simulator, control.cameras)
    masks = np.stack([foreground(scene, camera, SIZE, SIZE) for camera in control.cameras])
    frames = _frames(ForegroundBlend(2))
    np.testing.assert_array_equal(frames[~masks], plain[~masks])
    assert (_difference(frames, plain)[masks].max(axis=-1) > 0).mean() > 0.95
    assert 0.05 < masks[0].mean() < 0.4
    red, blue, white = ([220, 20, 20], [20, 60, 230], [215, 215, 210])
    for colour in (red, blue, white):
        like = _difference(plain[0], np.array(colour)).max(axis=-1) < 60
        assert masks[0][like & (np.arange(SIZE)[:, None] < 40)].mean() > 0.9


def test_noise_has_its_size_and_is_fresh_in_every_step() -> None:
    """Around a grey picture nothing is clipped."""
    grey = np.full((2, SIZE, SIZE, 3), 128, np.uint8)
    with starts(SensorNoise(1)) as start:
        key = start.begin(0)
        for level, deviation in ((1, 10.0), (2, 25.0)):
            first, second = (
                SensorNoise(level).change_frames(grey, start.scene, key, step).astype(float) for step in (0, 1)
            )
            assert (first - 128.0).std() == pytest.approx(deviation, rel=0.03)
            assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 0.05


@pytest.mark.parametrize(
    ("perturbation", "angle", "factor"), [(CameraAzimuth(3), 45.0, 1.0), (CameraDistance(2), 0.0, 1.5)]
)
def test_the_camera_goes_around_or_away_and_still_looks_there(
    perturbation: Perturbation, angle: float, factor: float
) -> None:
    """The point on the table in the middle of the picture stays."""
    with starts(perturbation) as start:
        start.env.reset(0)
        (place, middle), direction = _camera(start.scene), np.s_[:2]
        start.begin(0)
        start.scene.forward()
        new_place, new_middle = _camera(start.scene)
    np.testing.assert_allclose(new_middle, middle, atol=1e-6)
    assert np.linalg.norm(new_place - middle) == pytest.approx(factor * np.linalg.norm(place - middle))
    (a, b), (c, d) = (place - middle)[direction], (new_place - middle)[direction]
    assert abs(np.degrees(np.arctan2(a * d - b * c, a * c + b * d))) == pytest.approx(angle, abs=1e-6)


def _camera(scene: Scene) -> tuple[np.ndarray, np.ndarray]:
    camera = scene.data.camera("agentview")
    place, sight = np.array(camera.xpos), -camera.xmat.reshape(3, 3)[:, 2]
    return place, place + sight * (0.9 - place[2]) / sight[2]


def test_the_camera_in_the_hand_stays(plain: np.ndarray) -> None:
    """Its picture is the control's to the last bit."""
    frames = _frames(CameraDistance(3))
    np.testing.assert_array_equal(frames[1], plain[1])
    assert _difference(frames, plain)[0].mean() > 5.0
