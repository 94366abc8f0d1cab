"""Two small policies, demonstrations of two tasks, and a study of both."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.small_policies import TASKS, change_weights
from vlareg.data import Demonstrations
from vlareg.evaluation import EpisodeRecord, append_record
from vlareg.evaluation.settings import CHECKPOINT_FILES, SHAPE_FILES, fingerprint
from vlareg.study import Options, run_study

OPTIONS = Options(k=2, frames=48, window=2, permutations=20, halvings=4, seed=1)


def write_evaluation(folder: Path, checkpoint: Path, successes: int, **settings: Any) -> Path:
    """Write a results folder of ten episodes of each task, of which the first ones succeeded."""
    folder.mkdir(parents=True)
    known = {"random_weights": False, "suite": "libero_mini", "perturbation": "none", **settings}
    identity = fingerprint(checkpoint, SHAPE_FILES if known["random_weights"] else CHECKPOINT_FILES)
    (folder / "settings.json").write_text(json.dumps({"checkpoint": f"{checkpoint.name} {identity}", **known}))
    for task, instruction in TASKS.items():
        for index in range(10):
            record = EpisodeRecord("libero_mini", task, index, 0, index < successes, 20, instruction)
            append_record(folder / "episodes.jsonl", record)
    return folder


@pytest.fixture(scope="session")
def tuned(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a checkpoint with other encoders."""
    return change_weights(checkpoint, tmp_path_factory.mktemp("tuned") / "policy", "vision_backbone.")


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
