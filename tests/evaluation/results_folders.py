"""Results folders made of a few letters."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from vlareg.evaluation import EpisodeRecord

LONG = "put the white mug on the left plate and put the yellow and white mug on the right plate"


def write_results(folder: Path, tasks: dict[int, str], settings: dict[str, Any] | None = None, **fields: Any) -> Path:
    """Write a folder in which the i-th letter of a task is its i-th episode: + success, - failure, ! error, _ no record."""
    folder.mkdir(parents=True)
    records = [
        _record(task, init_index, letter, fields)
        for task, letters in tasks.items()
        for init_index, letter in enumerate(letters)
        if letter != "_"
    ]
    (folder / "episodes.jsonl").write_text("".join(json.dumps(asdict(record)) + "\n" for record in records))
    if settings is not None:
        (folder / "settings.json").write_text(json.dumps(settings))
    return folder


def _record(task: int, init_index: int, letter: str, fields: dict[str, Any]) -> EpisodeRecord:
    success = {"+": True, "-": False, "!": None}[letter]
    error = "Traceback\nRuntimeError: no GL" if letter == "!" else None
    steps = 20 + init_index if success else 100
    common = {"suite": "libero_mini", "seed": 0, "instruction": LONG, "perturbation": "none", **fields}
    return EpisodeRecord(task=task, init_index=init_index, success=success, steps=steps, error=error, **common)
