"""An experiment of two arms: the control, and policies of other weights in the last block."""

import csv
import shutil
from dataclasses import asdict
from pathlib import Path

import pytest
import torch
import yaml
from safetensors.torch import load_file, save_file

from tests.data.make_hdf5 import write_demonstrations
from vlareg.data import Demonstrations
from vlareg.envs.task_names import demonstration_name
from vlareg.evaluation import EpisodeRecord, append_record


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Demonstrations:
    """Return demonstrations of one task, twelve held out."""
    folder = tmp_path_factory.mktemp("demonstrations")
    lengths = {f"demo_{i}": 9 + i % 3 for i in range(14)}
    write_demonstrations(
        folder / demonstration_name("libero_mini", 0), lengths, "put the red cube on the plate", seed=0
    )
    return Demonstrations(tasks=(0,), train_episodes=2, validation_episodes=12, folder=str(folder))


def write_run(folder: Path, checkpoint: Path, data: Demonstrations, successes: int, noise: float = 0.0) -> None:
    """Write what `train.py` and `eval_libero.py` leave, the weights of the last block changed by some noise."""
    shutil.copytree(checkpoint, folder / "policy")
    weights = load_file(folder / "policy/model.safetensors")
    generator = torch.Generator().manual_seed(0)
    for name, weight in weights.items():
        if name.startswith("language_model.model.layers.1"):
            weights[name] = weight + noise * torch.randn(weight.shape, generator=generator)
    save_file(weights, folder / "policy/model.safetensors", metadata={"format": "pt"})
    settings = {"demonstrations": {**asdict(data), "tasks": [*data.tasks]}, "probe_samples": 72}
    (folder / "config.yaml").write_text(yaml.safe_dump({"data": {"init_args": settings}}))
    for i in range(10):
        record = EpisodeRecord("libero_mini", 0, i, 0, i < successes, 20, "put the red cube on the plate")
        (folder / "evaluation").mkdir(exist_ok=True)
        append_record(folder / "evaluation/episodes.jsonl", record)


def write_log(folder: Path, name: str, values: list[float | None], start: int = 0) -> None:
    """Write one column of a CSV log from a step on, None being a row of other columns."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "metrics.csv").open("w") as lines:
        rows = csv.writer(lines)
        rows.writerows(
            [["step", name], *([i, "" if value is None else value] for i, value in enumerate(values, start))]
        )


@pytest.fixture(scope="session")
def experiment(checkpoint: Path, data: Demonstrations, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the experiment."""
    folder = tmp_path_factory.mktemp("experiment")
    cache = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VLAREG_CACHE", str(cache))
        for seed in "01":
            write_run(folder / "plain" / seed, checkpoint, data, 4)
            write_run(folder / "same" / seed, checkpoint, data, 4)
            write_run(folder / "other" / seed, checkpoint, data, 9, noise=0.3)
            write_log(folder / "other" / seed / "csv", "train/rscl/kl", [1.0, None, 0.5])
    return folder
