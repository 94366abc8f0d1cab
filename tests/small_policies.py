"""Fixtures of the commands that look at several policies: demonstrations of two tasks, and checkpoints that differ in one part."""

import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.data.make_hdf5 import write_demonstrations
from vlareg.data import Demonstrations
from vlareg.envs.task_names import demonstration_name
from vlareg.policies.openvla import OpenVLAForActionPrediction, OpenVLAProcessor

TASKS = {0: "put the red cube on the plate", 1: "push the block to the red region"}


def change_weights(source: Path, target: Path, prefix: str) -> Path:
    """Copy a checkpoint, with noise on the weights whose names begin with `prefix`."""
    shutil.copytree(source, target)
    weights = load_file(target / "model.safetensors")
    noise = torch.Generator().manual_seed(0)
    for name, weight in weights.items():
        if name.startswith(prefix):
            weights[name] = weight + 0.1 * torch.randn(weight.shape, generator=noise)
    save_file(weights, target / "model.safetensors", metadata={"format": "pt"})
    return target


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Demonstrations:
    """Return demonstrations of two tasks, six of each held out."""
    folder = tmp_path_factory.mktemp("demonstrations")
    for task, instruction in TASKS.items():
        lengths = {f"demo_{i}": 9 + i % 3 for i in range(8)}
        write_demonstrations(folder / demonstration_name("libero_mini", task), lengths, instruction, seed=task)
    return Demonstrations(tasks=tuple(TASKS), train_episodes=2, validation_episodes=6, folder=str(folder))


@pytest.fixture(scope="session")
def deeper(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a checkpoint with one block more."""
    processor = OpenVLAProcessor.from_pretrained(checkpoint)
    processor.config.text_config.num_hidden_layers += 1
    folder = tmp_path_factory.mktemp("deeper")
    torch.manual_seed(2)
    OpenVLAForActionPrediction(processor.config).save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder
