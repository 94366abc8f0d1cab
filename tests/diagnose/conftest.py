"""Demonstrations, pictures and scenes that need no simulator, and a diagnosis of two small policies."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.small_policies import change_weights
from vlareg.data import Demonstrations
from vlareg.data.concepts.facts import blank_labels
from vlareg.data.concepts.vocabulary import COLORS, KINDS
from vlareg.diagnose import Options, run_diagnosis

OPTIONS = Options(pictures=24, scenes=16, frames=48, k=2, halvings=4, seed=1)


def fake_scenes(count: int, seed: int, signs: int = 0) -> dict[str, np.ndarray]:
    """Return scenes of one block or cube, painted as a bright square where it is, and a plate."""
    rng, rows = np.random.default_rng(seed), []
    for i in range(count):
        row = blank_labels()
        row["kinds"][:2] = [KINDS.index("block" if i % 2 else "cube"), KINDS.index("plate")]
        row["colors"][:2] = [i // 2 % 3, COLORS.index("white")]
        row["visible"][:2] = True
        row["pixels"][:2] = rng.uniform(0.08, 0.92, (2, 2))
        row["frames"] = rng.integers(0, 60, (2, 96, 96, 3), dtype=np.uint8)
        x, y = (96 * row["pixels"][0]).astype(int)
        row["frames"][0, y - 3 : y + 4, x - 3 : x + 4] = 255
        rows.append(row)
    return {name: np.stack([row[name] for row in rows]) for name in rows[0]}


def write_pictures(root: Path, classes: tuple[str, ...] = ("dark", "light"), count: int = 12) -> Path:
    """Write pictures whose class is their brightness."""
    rng = np.random.default_rng(0)
    for level, name in enumerate(classes):
        (root / name).mkdir(parents=True)
        for i in range(count):
            pixels = rng.integers(150 * level, 150 * level + 100, (20 + i, 30, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(root / name / f"{i:02d}.png")
    return root


@pytest.fixture
def scenes_without_simulator(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `instructed_scenes` find scenes of our own."""
    monkeypatch.setattr("vlareg.diagnose.scenes.render_scenes", fake_scenes)


@pytest.fixture(scope="session")
def tuned(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a checkpoint with another language model behind the same eyes."""
    return change_weights(checkpoint, tmp_path_factory.mktemp("run") / "tuned", "language_model.model.layers.1.")


@pytest.fixture(scope="session")
def diagnosis(
    checkpoint: Path, tuned: Path, data: Demonstrations, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, Any], list[Path]]:
    """Return the numbers and the files of a diagnosis of both checkpoints."""
    root = tmp_path_factory.mktemp("diagnosis")
    pictures = write_pictures(root / "brightness")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VLAREG_CACHE", str(root / "cache"))
        patch.setattr("vlareg.diagnose.scenes.render_scenes", fake_scenes)
        _, files = run_diagnosis([checkpoint, tuned], root / "report", [pictures], data, OPTIONS)
    return json.loads(files[0].read_text()), files
