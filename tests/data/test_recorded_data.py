"""Every format trains by its YAML."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import yaml
from jsonargparse import ArgumentParser
from lightning import LightningDataModule

from tests.data.make_hdf5 import write_demonstrations
from tests.data.make_lerobot import write_lerobot
from tests.data.make_rlds import episode, write_shard
from vlareg.data import LeRobotFolder, LiberoData, LiberoFolder, RecordedData, Recordings
from vlareg.data.conventions import LEROBOT_LIBERO, LIBERO_HDF5
from vlareg.data.rlds_converter import convert

INSTRUCTION = "put the red cube on the plate"
UPRIGHT = "{observed_after_action: false, half_turned: false}"
REGENERATED = "{observed_after_action: false, language: file_name}"
LEROBOT, LIBERO = "vlareg.data.LeRobotFolder", "vlareg.data.LiberoFolder"


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("VLAREG_CACHE", str(tmp_path / "cache"))


def write(form, folder):
    """Write three episodes or more; the first is 8 or 9 steps long."""
    lengths = {"demo_0": 9, "demo_2": 8, "demo_11": 7}
    if form.startswith("lerobot"):
        return write_lerobot(folder, int(form[-2]), video=form[-1] == "v")
    folder.mkdir()
    if form == "rlds":
        write_shard(folder / "a.tfrecord-00000-of-00001", [episode(INSTRUCTION, steps) for steps in lengths.values()])
        convert(folder, folder / "converted")
        return folder / "converted"
    write_demonstrations(folder / "put_the_red_cube_on_the_plate_demo.hdf5", lengths, INSTRUCTION)
    return folder


def from_yaml(text):
    """Parse as `train.py` does."""
    parser = ArgumentParser()
    parser.add_subclass_arguments(LightningDataModule, "data", required=True)
    return parser.instantiate(parser.parse_object(yaml.safe_load(text))).data


@pytest.mark.parametrize(
    ("form", "class_path", "conventions", "tasks", "train"),
    [
        ("raw", LIBERO, "{}", 1, 8 + 7),
        ("regenerated", LIBERO, REGENERATED, 1, 9 + 8),
        ("rlds", LIBERO, UPRIGHT, 1, 9 + 8),
        ("lerobot 2i", LEROBOT, "{}", 2, 9 + 8),
        ("lerobot 3v", LEROBOT, "{fps: 10}", 2, 9 + 8),
    ],
)
def test_a_format_gives_batches_by_yaml(checkpoint, tmp_path, form, class_path, conventions, tasks, train):
    folder = write(form, tmp_path / "data")
    data = from_yaml(f"""
        data:
          class_path: vlareg.data.RecordedData
          init_args:
            policy: {checkpoint}
            batch_size: 4
            recordings:
              suite: mine
              source: {{class_path: {class_path}, init_args: {{folder: {folder}, conventions: {conventions}}}}}
              validation_episodes: 1
    """)
    data.prepare_data()
    data.setup()
    assert data.dataset_name == "mine"
    assert len(data.train.instructions) == tasks
    assert len(data.train) == train
    batch = next(iter(data.train_dataloader()))
    assert batch.images.shape == (4, 2, 3, 96, 96)
    assert torch.isfinite(batch.pixel_values).all()
    gripper = data.train.actions[:, 6]
    first = np.flatnonzero(np.diff(data.train.episodes, prepend=-1))
    assert (gripper[first] == 1).all(), "open at first, in OpenVLA's convention"
    assert (gripper[first[1:] - 1] == 0).all(), "closed at the end"
    assert data.statistics["num_transitions"] == train
    if form in ("rlds", "lerobot 2i", "lerobot 3v"):
        assert batch.images[..., :40, :].mean() > 0.1 > 0.02 > batch.images[..., 56:, :].mean(), "upright"


def test_the_same_files_give_the_same_samples_as_before(checkpoint, demonstrations):
    """`LiberoData` of given files and `RecordedData` of their folder, with the same split."""
    libero = LiberoData(str(checkpoint), demonstrations, batch_size=4)
    source = LiberoFolder(demonstrations.folder, action_key="expert_actions")
    recorded = RecordedData(Recordings("libero_mini", source, 3, 2), str(checkpoint), batch_size=4)
    for data in (libero, recorded):
        data.prepare_data()
        data.setup()
    assert sorted(libero.train.instructions) == sorted(recorded.train.instructions)
    first, second = (data.train.actions[np.lexsort(data.train.actions.T)] for data in (libero, recorded))
    np.testing.assert_array_equal(first, second)


def prepared(source, checkpoint, **options):
    horizon = options.pop("horizon", 1)
    data = RecordedData(Recordings("mine", source, **options), str(checkpoint), batch_size=2, horizon=horizon)
    data.prepare_data()
    data.setup()
    return data


def test_the_split_is_by_episode_and_statistics_are_of_the_training_split(checkpoint, tmp_path):
    source = LeRobotFolder(str(write("lerobot 2i", tmp_path / "data")))
    data = prepared(source, checkpoint, validation_episodes=1)
    assert set(data.train.episodes) == {0, 2}
    assert set(data.held_out.episodes) == {1, 3}
    assert data.statistics["action"]["max"][0] == 8.0  # the held-out episode of ten steps goes up to 9
    assert prepared(source, checkpoint, train_episodes=1, validation_episodes=0).statistics["num_transitions"] == 17


def test_noops_are_left_out_of_both_splits_and_of_the_statistics(checkpoint, tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    write_demonstrations(folder / "push_demo.hdf5", {"demo_0": 9, "demo_1": 9}, "push", still=(3, 4, 5))
    source = LiberoFolder(str(folder), replace(LIBERO_HDF5, observed_after_action=False))
    whole = prepared(source, checkpoint, validation_episodes=1)
    data = prepared(source, checkpoint, validation_episodes=1, drop_noops=True)
    assert len(whole.train) == len(whole.held_out) == 9
    assert len(data.train) == len(data.held_out) == 7  # the gripper closes at step 4
    assert data.statistics["num_transitions"] == 7


def test_an_episode_shorter_than_the_window_is_named(checkpoint, tmp_path):
    folder = write("raw", tmp_path / "data")
    with pytest.raises(ValueError, match=r"demo_2 ends after frame 6, so it is shorter than `horizon` = 8"):
        prepared(LiberoFolder(str(folder)), checkpoint, validation_episodes=1, horizon=8)


def test_too_few_episodes_are_refused(checkpoint, tmp_path):
    source = LeRobotFolder(str(write("lerobot 2i", tmp_path / "data")))
    with pytest.raises(ValueError, match=r"put the red cube on the plate has 2 episodes, but .* = 3"):
        prepared(source, checkpoint, validation_episodes=2)


def test_the_second_time_comes_from_the_cache(checkpoint, tmp_path, monkeypatch):
    folder = write("lerobot 3v", tmp_path / "data")
    first = prepared(LeRobotFolder(str(folder)), checkpoint, validation_episodes=1)
    monkeypatch.setattr("vlareg.data.lerobot.read_video", None)
    again = prepared(LeRobotFolder(str(folder)), checkpoint, validation_episodes=1)
    assert again.train.fingerprint == first.train.fingerprint
    assert isinstance(again.train.frames[0], np.memmap)
    turned = LeRobotFolder(str(folder), replace(LEROBOT_LIBERO, half_turned=True))
    with pytest.raises(TypeError):
        prepared(turned, checkpoint, validation_episodes=1)
