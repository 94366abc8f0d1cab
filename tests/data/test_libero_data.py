"""Which demonstrations are read, and how."""

import h5py
import pytest
import yaml
from jsonargparse import ArgumentParser

from tests.data.make_hdf5 import write_demonstrations
from vlareg.data import Demonstrations, LiberoData
from vlareg.data.conventions import LIBERO_HDF5, REGENERATED_HDF5
from vlareg.envs.task_names import demonstration_name


@pytest.mark.parametrize(("conventions", "actions"), [(LIBERO_HDF5, [1, 2, 3, 4]), (REGENERATED_HDF5, [0, 1, 2, 3, 4])])
def test_an_observation_is_paired_with_the_action_after_it(tmp_path, conventions, actions):
    """`ee_pos[t]` and `actions[t]` are t in the file."""
    file = write_demonstrations(tmp_path / demonstration_name("libero_spatial", 0), {"demo_0": 5})
    if conventions is REGENERATED_HDF5:
        with h5py.File(file, "a") as root:
            root["data"].attrs.clear()
    data = Demonstrations("libero_spatial", (0,), folder=str(tmp_path), action_key="actions", conventions=conventions)
    (source,) = data.sources()
    (episode,) = source.episodes()
    assert episode.actions[:, 0].tolist() == actions
    assert episode.proprio[:, 0].tolist() == list(range(len(actions)))


def test_conventions_can_be_given_in_yaml(tmp_path):
    regenerated = {"folder": "somewhere", "conventions": {"observed_after_action": False, "language": "file_name"}}
    (tmp_path / "data.yaml").write_text(yaml.safe_dump({"demonstrations": regenerated}))
    parser = ArgumentParser()
    parser.add_argument("--config", action="config")
    parser.add_argument("--demonstrations", type=Demonstrations, default=Demonstrations())
    parser.add_class_arguments(LiberoData, "data", skip={"demonstrations"})
    chosen = parser.parse_args(["--config", str(tmp_path / "data.yaml")])
    assert parser.instantiate(chosen.clone()).demonstrations.conventions == REGENERATED_HDF5
