"""Everything that tests of several rooms share."""

import os

os.environ.setdefault("HF_HUB_OFFLINE", "1")
# Tests run in several processes, and OpenMP's threads wait for one another by spinning.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

from pathlib import Path

import pytest
import torch

from tests.data.make_hdf5 import write_demonstrations
from vlareg.data import Demonstrations
from vlareg.envs.rendering import choose_backend
from vlareg.envs.task_names import demonstration_name
from vlareg.policies.openvla import OpenVLAForActionPrediction, OpenVLAProcessor, build_mini_tokenizer, mini_config

choose_backend()  # before any test module imports MuJoCo, which looks once

pytest_plugins = ["tests.small_policies"]


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a random OpenVLA with two views and two blocks."""
    instructions = ["put the red cube on the plate", "push the block to the red region"]
    tokenizer = build_mini_tokenizer(instructions)
    config = mini_config(tokenizer)
    config.text_config.num_hidden_layers = 2
    folder = tmp_path_factory.mktemp("checkpoint")
    torch.manual_seed(0)
    OpenVLAForActionPrediction(config).save_pretrained(folder)
    OpenVLAProcessor(tokenizer, config).save_pretrained(folder)
    return folder


@pytest.fixture
def policy(checkpoint: Path) -> OpenVLAForActionPrediction:
    """Return the policy of `checkpoint`."""
    return OpenVLAForActionPrediction.from_pretrained(checkpoint)  # type: ignore[no-any-return]


@pytest.fixture
def demonstrations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Demonstrations:
    """Return two small files of random demonstrations in the names of the embedded suite, and a cache of the test's own."""
    monkeypatch.setenv("VLAREG_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "demonstrations"
    folder.mkdir()
    for task, instruction in enumerate(["put the red cube on the plate", "push the block to the red region"]):
        lengths = {f"demo_{i}": 8 + i for i in range(5)}
        write_demonstrations(folder / demonstration_name("libero_mini", task), lengths, instruction, seed=task)
    return Demonstrations(tasks=(0, 1), train_episodes=3, validation_episodes=2, folder=str(folder))
