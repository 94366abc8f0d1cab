"""Two small policies, demonstrations of two tasks, and a study of both."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.data.make_hdf5 import write_demonstrations
from vlareg.data import Demonstrations
from vlareg.envs.task_names import demonstration_name
from vlareg.evaluation import EpisodeRecord, append_record
from vlareg.evaluation.settings import fingerprint
from vlareg.policies.openvla import OpenVLAForActionPrediction, OpenVLAProcessor
from vlareg.study import Options, run_study

TASKS = {0: "put the red cube on the plate", 1: "push the block to the red region"}
OPTIONS = Options(k=2, frames=48, window=2, permutations=20, halvings=4, seed=1)


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


def write_evaluation(folder: Path, checkpoint: Path, successes: int, **settings: Any) -> Path:
    """Write a results folder of ten episodes of each task, of which the first ones succeeded."""
    folder.mkdir(parents=True)
    known = {"random_weights": False, "suite": "libero_mini", "perturbation": "none", **settings}
    identity = fingerprint(checkpoint, weights=not known["random_weights"])
    (folder / "settings.json").write_text(json.dumps({"checkpoint": f"{checkpoint.name} {identity}", **known}))
    for task, instruction in TASKS.items():
        for index in range(10):
            record = EpisodeRecord("libero_mini", task, index, 0, index < successes, 20, instruction)
            append_record(folder / "episodes.jsonl", record)
    return folder


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Demonstrations:
    """Return demonstrations of two tasks, six of each held out."""
    folder = tmp_path_factory.mktemp("demonstrations")
    for task, instruction in TASKS.items():
        lengths = {f"demo_{i}": 9 + i % 3 for i in range(8)}
        write_demonstrations(folder / demonstration_name("libero_mini", task), lengths, instruction, seed=task)
    return Demonstrations(tasks=tuple(TASKS), train_episodes=2, validation_episodes=6, folder=str(folder))


@pytest.fixture(scope="session")
def tuned(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a checkpoint with other encoders."""
    return change_weights(checkpoint, tmp_path_factory.mktemp("tuned") / "policy", "vision_backbone.")


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


@pytest.fixture(scope="session")
def report(
    checkpoint: Path, tuned: Path, data: Demonstrations, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, dict[str, Any]]:
    """Return the page and the numbers of a study of both checkpoints."""
    root = tmp_path_factory.mktemp("study")
    evaluations = [
        write_evaluation(root / "start", checkpoint, 2),
        write_evaluation(root / "tuned", tuned, 8),
        write_evaluation(root / "black", tuned, 0, perturbation="black image"),
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VLAREG_CACHE", str(root / "cache"))
        page, numbers = run_study([checkpoint, tuned], root / "report", data, evaluations, OPTIONS)
    return page.read_text(), json.loads(numbers.read_text())
