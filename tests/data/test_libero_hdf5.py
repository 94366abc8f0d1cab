import h5py
import numpy as np
import pytest

from tests.data.make_hdf5 import write_demonstrations
from vlareg.data.libero_hdf5 import LiberoHDF5


@pytest.fixture
def file(tmp_path):
    return write_demonstrations(tmp_path / "put_it_demo.hdf5", {"demo_10": 6, "demo_2": 4, "demo_0": 5})


def test_gappy_numbers_come_in_natural_order(file):
    assert [episode.name.split(":")[1] for episode in LiberoHDF5(file).episodes()] == ["demo_0", "demo_2", "demo_10"]


def test_an_observation_after_the_action_belongs_to_the_next_action(file):
    episode = next(LiberoHDF5(file).episodes())
    np.testing.assert_array_equal(episode.actions[:, 0], [1, 2, 3, 4])
    np.testing.assert_array_equal(episode.proprio[:, 0], [0, 1, 2, 3])
    assert episode.frames.shape == (4, 2, 32, 32, 3)


def test_an_observation_before_the_action_belongs_to_it(file):
    episode = next(LiberoHDF5(file, observed_after_action=False).episodes())
    np.testing.assert_array_equal(episode.actions[:, 0], episode.proprio[:, 0])
    assert len(episode) == 5


def test_labels_come_from_the_key_that_is_asked_for(file):
    executed, expert = (
        next(LiberoHDF5(file, action_key=key).episodes()).actions for key in ("actions", "expert_actions")
    )
    np.testing.assert_array_equal(executed, -expert)


def test_views_come_in_the_order_asked_for(file):
    first = next(LiberoHDF5(file).episodes()).frames
    swapped = next(LiberoHDF5(file, views=("eye_in_hand_rgb", "agentview_rgb")).episodes()).frames
    np.testing.assert_array_equal(first, swapped[:, ::-1])


def test_language_falls_back_on_the_file_name(file):
    with h5py.File(file, "a") as root:
        del root["data"].attrs["problem_info"]
    assert next(LiberoHDF5(file).episodes()).instruction == "put it"


def test_a_missing_file_says_how_to_record_it(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nothing\.hdf5 does not exist; record it"):
        LiberoHDF5(tmp_path / "nothing.hdf5")


@pytest.mark.parametrize("kept", [0.0, 0.3, 0.9])
def test_a_truncated_file_is_named(file, kept):
    file.write_bytes(file.read_bytes()[: int(kept * file.stat().st_size)])
    with pytest.raises(ValueError, match=r"put_it_demo\.hdf5 is not a complete HDF5 file"):
        list(LiberoHDF5(file).episodes())


def test_a_missing_key_is_named_with_what_there_is(file):
    with pytest.raises(
        ValueError, match=r"/data/demo_0 has no `labels`; it has \['actions', 'expert_actions', 'obs'\]"
    ):
        list(LiberoHDF5(file, action_key="labels").episodes())


def test_unequal_lengths_are_refused(file):
    with h5py.File(file, "a") as root:
        del root["data/demo_0/actions"]
        root["data/demo_0/actions"] = np.zeros((3, 7))
    with pytest.raises(ValueError, match="5 frames, 5 states and 3 actions"):
        list(LiberoHDF5(file).episodes())
