"""Every declared convention changes what an episode becomes, and what contradicts it is named."""

from dataclasses import replace

import numpy as np
import pytest

from vlareg.data.conventions import (
    CONVERTED_RLDS,
    LEROBOT_LIBERO,
    LIBERO_HDF5,
    REGENERATED_HDF5,
)
from vlareg.data.episode import Episode


def stored(steps: int = 4, gripper: tuple[float, float] = (-1.0, 1.0)) -> Episode:
    """Return step t with `actions[t, 0] = proprio[t, 0] = t`, bright in the upper left, opening, then closing."""
    actions, proprio = np.zeros((steps, 7), np.float32), np.zeros((steps, 8), np.float32)
    actions[:, 0] = proprio[:, 0] = np.arange(steps)
    actions[:, 6] = np.where(np.arange(steps) < 2, *gripper)
    frames = np.zeros((steps, 2, 4, 6, 3), np.uint8)
    frames[:, :, 0, 0] = 255
    return Episode("a.hdf5:demo_3", "push", frames, proprio, actions, proprio[:, :7])


def test_an_observation_after_the_action_is_paired_with_the_next():
    episode = replace(REGENERATED_HDF5, observed_after_action=True).translate(stored())
    assert episode.actions[:, 0].tolist() == [1, 2, 3]
    assert episode.proprio[:, 0].tolist() == episode.joints[:, 0].tolist() == [0, 1, 2]
    assert len(episode.frames) == 3
    assert REGENERATED_HDF5.translate(stored()).actions[:, 0].tolist() == [0, 1, 2, 3]


def test_upright_frames_are_turned_as_the_simulator_s_are():
    upright = replace(REGENERATED_HDF5, half_turned=False).translate(stored()).frames
    assert (upright[:, :, -1, -1] == 255).all()
    assert upright.sum() == stored().frames.sum()
    np.testing.assert_array_equal(REGENERATED_HDF5.translate(stored()).frames, stored().frames)


@pytest.mark.parametrize(("opened", "closed"), [(-1.0, 1.0), (1.0, -1.0), (0.0, 1.0), (1.0, 0.0)])
def test_every_gripper_becomes_libero_s(opened, closed):
    conventions = replace(REGENERATED_HDF5, gripper_open=opened, gripper_closed=closed)
    assert conventions.translate(stored(gripper=(opened, closed))).actions[:, 6].tolist() == [-1, -1, 1, 1]


@pytest.mark.parametrize(
    ("declared", "there", "message"),
    [
        ((-1, 1), (0, 1), r"a\.hdf5:demo_3: the gripper is 0 or 1, but declared as -1 \(open\) and 1 \(closed\)"),
        ((0, 1), (-1, 1), r"a\.hdf5:demo_3, frame 0: gripper -1 is not within declared as 0 \(open\)"),
        ((0, 1), (0, 2), r"a\.hdf5:demo_3, frame 2: gripper 2 is not within"),
    ],
)
def test_a_gripper_of_another_range_is_named(declared, there, message):
    conventions = replace(REGENERATED_HDF5, gripper_open=declared[0], gripper_closed=declared[1])
    with pytest.raises(ValueError, match=message):
        conventions.translate(stored(gripper=there))


@pytest.mark.parametrize("quantity", ["actions", "proprio"])
def test_what_is_not_finite_is_named_with_its_frame(quantity):
    episode = stored()
    getattr(episode, quantity)[2, 3] = np.nan
    with pytest.raises(ValueError, match=r"a\.hdf5:demo_3, frame 2: the (action|state) is not finite"):
        LIBERO_HDF5.translate(episode)


def test_a_demonstration_of_one_step_has_no_pair():
    with pytest.raises(ValueError, match=r"demo_3 has 1 step, but an observation after the action leaves no pair"):
        LIBERO_HDF5.translate(stored(1))
    assert len(REGENERATED_HDF5.translate(stored(1))) == 1
    with pytest.raises(ValueError, match="demo_3 has no step"):
        REGENERATED_HDF5.translate(stored(0))


def test_actions_of_another_robot_are_refused():
    with pytest.raises(ValueError, match=r"actions must be \[steps, 7\], but are \[4, 6\]"):
        LIBERO_HDF5.translate(replace(stored(), actions=np.zeros((4, 6), np.float32)))


def test_another_rate_than_declared_is_named():
    LEROBOT_LIBERO.check_fps(10, "x")
    with pytest.raises(ValueError, match=r"x states 30 steps per second, but `fps` is declared as 10"):
        LEROBOT_LIBERO.check_fps(30, "x")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"views": ()}, "`views` must name at least one camera"),
        ({"gripper_open": 1.0}, "must differ, but both are 1.0"),
        ({"fps": 0.0}, "`fps` must be > 0, but got 0.0"),
    ],
)
def test_impossible_conventions_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        replace(LIBERO_HDF5, **change)


def test_the_published_data_sets_are_described():
    """Facts of LIBERO, OpenVLA's regeneration script, its RLDS builder, and the hub's LeRobot data sets."""
    offsets = {c.observed_after_action for c in (REGENERATED_HDF5, CONVERTED_RLDS, LEROBOT_LIBERO)}
    assert (LIBERO_HDF5.observed_after_action, offsets) == (True, {False})
    turned = (LIBERO_HDF5, REGENERATED_HDF5, CONVERTED_RLDS, LEROBOT_LIBERO)
    assert [c.half_turned for c in turned] == [True, True, False, False]
    assert REGENERATED_HDF5.language == "file_name"
