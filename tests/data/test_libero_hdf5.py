import json
from dataclasses import replace

import h5py
import numpy as np
import pytest

from tests.data.make_hdf5 import write_demonstrations
from vlareg.data.conventions import LIBERO_HDF5, REGENERATED_HDF5
from vlareg.data.libero_hdf5 import LiberoFolder, LiberoHDF5


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
    episode = next(LiberoHDF5(file, conventions=REGENERATED_HDF5).episodes())
    np.testing.assert_array_equal(episode.actions[:, 0], episode.proprio[:, 0])
    assert len(episode) == 5


def test_labels_come_from_the_key_that_is_asked_for(file):
    executed, expert = (
        next(LiberoHDF5(file, action_key=key).episodes()).actions for key in ("actions", "expert_actions")
    )
    np.testing.assert_array_equal(executed, -expert)


def test_views_come_in_the_order_asked_for(file):
    first = next(LiberoHDF5(file).episodes()).frames
    swapped_views = replace(LIBERO_HDF5, views=LIBERO_HDF5.views[::-1])
    swapped = next(LiberoHDF5(file, conventions=swapped_views).episodes()).frames
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


def test_openvla_s_regenerated_files_are_read(tmp_path):
    """256 pixels, no attributes, gaps in the numbers, the observation before the action, the scene in the file's name."""
    name = "KITCHEN_SCENE3_turn_on_the_stove_demo.hdf5"
    file = write_demonstrations(tmp_path / name, {"demo_1": 3, "demo_12": 4, "demo_7": 5}, size=256)
    with h5py.File(file, "a") as root:
        for attribute in list(root["data"].attrs):
            del root["data"].attrs[attribute]
    (task,) = LiberoFolder(str(tmp_path), REGENERATED_HDF5).tasks()
    episodes = list(task.episodes())
    assert [len(episode) for episode in episodes] == [3, 5, 4]
    assert episodes[0].frames.shape == (3, 2, 256, 256, 3)
    assert episodes[0].instruction == "turn on the stove"
    np.testing.assert_array_equal(episodes[1].actions[:, 0], episodes[1].proprio[:, 0])


def test_the_declared_language_wins_over_the_attribute(file):
    assert next(LiberoHDF5(file, conventions=REGENERATED_HDF5).episodes()).instruction == "put it"
    (file.parent / "words").mkdir()
    (file.parent / "words/put_it.bddl").write_text("(define (problem p) (:language Put it there))")
    from_bddl = LiberoHDF5(file, conventions=replace(LIBERO_HDF5, language="bddl"), bddl_folder=file.parent / "words")
    assert next(from_bddl.episodes()).instruction == "Put it there"


def test_a_missing_camera_is_named_with_what_there_is(file):
    with h5py.File(file, "a") as root:
        del root["data/demo_2/obs/eye_in_hand_rgb"]
    with pytest.raises(ValueError, match=r"put_it_demo\.hdf5: /data/demo_2/obs has no `eye_in_hand_rgb`; it has"):
        list(LiberoHDF5(file).episodes())


def test_views_of_different_size_are_named(file):
    with h5py.File(file, "a") as root:
        del root["data/demo_2/obs/eye_in_hand_rgb"]
        root["data/demo_2/obs/eye_in_hand_rgb"] = np.zeros((4, 8, 8, 3), np.uint8)
    with pytest.raises(ValueError, match="demo_2: the views differ in size"):
        list(LiberoHDF5(file).episodes())


def test_an_action_that_is_not_a_number_is_named(file):
    with h5py.File(file, "a") as root:
        root["data/demo_10/actions"][3, 5] = np.nan
    with pytest.raises(ValueError, match=r"put_it_demo\.hdf5:demo_10, frame 3: the action is not finite"):
        list(LiberoHDF5(file).episodes())


def test_a_damaged_frame_is_named(file):
    frames = np.random.default_rng(0).integers(0, 255, (4, 32, 32, 3), dtype=np.uint8)
    with h5py.File(file, "a") as root:
        del root["data/demo_2/obs/agentview_rgb"]
        options = {"chunks": (1, 32, 32, 3), "compression": "gzip"}
        stored = root.create_dataset("data/demo_2/obs/agentview_rgb", data=frames, **options)
        place = stored.id.get_chunk_info(2)
    content = bytearray(file.read_bytes())
    content[place.byte_offset : place.byte_offset + place.size] = bytes(place.size)
    file.write_bytes(content)
    with pytest.raises(ValueError, match=r"/data/demo_2/obs/agentview_rgb cannot be read from frame 2 on"):
        list(LiberoHDF5(file).episodes())


def test_a_control_frequency_that_was_not_declared_is_named(file):
    with h5py.File(file, "a") as root:
        root["data"].attrs["env_args"] = json.dumps({"env_kwargs": {"control_freq": 10}})
    with pytest.raises(ValueError, match=r"put_it_demo\.hdf5 states 10 steps per second, but `fps` is declared as 20"):
        list(LiberoHDF5(file).episodes())
    assert len(list(LiberoHDF5(file, conventions=replace(LIBERO_HDF5, fps=10.0)).episodes())) == 3


def test_a_folder_without_files_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no \*\.hdf5 in"):
        LiberoFolder(str(tmp_path))
