"""`configs/openvla_7b.yaml` fits the 7B model, and trains a small model of one view from regenerated demonstrations."""

import pickle
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import yaml

from tests.data.make_hdf5 import write_demonstrations
from vlareg.cli import train
from vlareg.data import LiberoData, LiberoFolder, RecordedData, Recordings
from vlareg.data.conventions import LIBERO_HDF5
from vlareg.evaluation.policy import read_config
from vlareg.policies.openvla import (
    OpenVLAConfig,
    OpenVLAForActionPrediction,
    OpenVLAProcessor,
    build_mini_tokenizer,
    mini_config,
)

FILE = Path(__file__).parent.parent / "configs/openvla_7b.yaml"
INSTRUCTION = "put the red cube on the plate"


@pytest.fixture
def one_view(tmp_path):
    tokenizer = build_mini_tokenizer([INSTRUCTION])
    config = mini_config(tokenizer, num_views=1)
    config.text_config.num_hidden_layers = 2
    torch.manual_seed(0)
    OpenVLAForActionPrediction(config).save_pretrained(tmp_path / "base")
    OpenVLAProcessor(tokenizer, config).save_pretrained(tmp_path / "base")
    return tmp_path / "base"


def _scaled_down(folder, policy, data):
    """Return the configuration with the small model's sizes, a teacher that needs no hub, and three steps."""
    text = FILE.read_text().replace("layers.15", "layers.1").replace("dim: 4096", "dim: 192")
    settings = yaml.safe_load(text.replace("llm.15", "llm.0").replace("llm.31", "llm.1"))
    settings["model"]["policy"] = str(policy)
    teacher = settings["model"]["regularizers"][1]["init_args"]["teacher"]["init_args"]["teacher"]
    teacher |= {"class_path": "vlareg.teachers.EfficientNetLiteTeacher", "init_args": {"image_size": 96}}
    arguments = settings["data"]["init_args"]
    arguments["batch_size"] = 4
    arguments["recordings"]["validation_episodes"] = 6
    arguments["recordings"]["source"]["init_args"]["folder"] = str(data)
    settings["trainer"] |= {"default_root_dir": str(folder), "max_steps": 3, "val_check_interval": 2}
    settings["trainer"] |= {"precision": "32-true", "accelerator": "cpu"}
    settings["trainer"]["callbacks"][0]["init_args"]["k"] = 3
    (folder / "small.yaml").write_text(yaml.safe_dump(settings))
    return folder / "small.yaml"


def test_layers_and_widths_are_those_of_the_7b_model():
    settings = yaml.safe_load(FILE.read_text())
    with torch.device("meta"):
        policy = OpenVLAForActionPrediction(OpenVLAConfig())
    for regularizer in settings["model"]["regularizers"]:
        arguments = regularizer["init_args"]
        assert arguments["dim"] == policy.config.text_config.hidden_size
        for layer in arguments.get("layers", [arguments.get("layer")]):
            policy.get_submodule(layer)


def test_a_small_model_of_one_view_is_trained_by_it(one_view, tmp_path, monkeypatch):
    monkeypatch.setenv("VLAREG_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("sys.argv", ["train.py"])
    data = tmp_path / "data"
    data.mkdir()
    lengths = {f"demo_{i}": 8 + i % 3 for i in range(10)}
    write_demonstrations(data / "put_the_red_cube_on_the_plate_demo.hdf5", lengths, INSTRUCTION)
    train(["--config", str(_scaled_down(tmp_path, one_view, data)), "--start_up_probes.enabled", "false"])
    trained = read_config(tmp_path / "policy")
    assert trained.num_views == 1
    assert trained.norm_stats["libero_spatial"]["num_transitions"] == sum([8, 9, 10, 8])


def test_a_policy_gets_the_first_of_the_recorded_views_and_misses_none(one_view, checkpoint, demonstrations):
    both, first = (LiberoData(str(policy), demonstrations, batch_size=2) for policy in (checkpoint, one_view))
    for data in (both, first):
        data.setup()
    assert torch.equal(first.train[0].images, both.train[0].images[:, :1])
    in_a_worker = pickle.loads(pickle.dumps(first.train))
    assert torch.equal(in_a_worker[0].pixel_values, first.train[0].pixel_values)
    conventions = replace(LIBERO_HDF5, views=LIBERO_HDF5.views[:1])
    recordings = Recordings("mine", LiberoFolder(demonstrations.folder, conventions), validation_episodes=1)
    with pytest.raises(ValueError, match=r"_demo.hdf5 has 1 view\(s\), but the policy reads 2"):
        RecordedData(recordings, str(checkpoint)).setup()
