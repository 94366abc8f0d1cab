"""A results folder belongs to one evaluation: its settings are kept and checked, and one process at a time writes."""

import fcntl
import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from vlareg.evaluation.interfaces import EvaluationStopped
from vlareg.evaluation.records import RECORDS_FILE
from vlareg.evaluation.results import flat_settings
from vlareg.files import atomic_file

SETTINGS_FILE = "settings.json"

SHAPE_FILES = ("*.json",)
"""A checkpoint's files that say what it is without its weights."""

CHECKPOINT_FILES = (*SHAPE_FILES, "*.safetensors")
"""A checkpoint's files."""

IMPLIED = {"protocol": "openvla", "decoding": "growing"}
"""What results were made with whose settings do not say it."""


@contextmanager
def claim_folder(folder: str | Path, settings: dict[str, Any]) -> Iterator[None]:
    """Hold a results folder for one evaluation with these settings; make it where there is none.

    A folder without episodes takes any settings.

    Args:
        folder: The results folder.
        settings: Everything that an episode's result depends on, as JSON values.

    Raises:
        ValueError: If the folder holds results with other settings; the message names the first key that differs.
        EvaluationStopped: If another process is writing to the folder.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise EvaluationStopped(
                f"Another evaluation writes to {folder}; wait, or give another `output`."
            ) from error
        _check(folder, settings)
        for partial in folder.rglob(".partial-*"):  # files that a killed process was writing
            partial.unlink()
        yield


def fingerprint(checkpoint: str | Path, patterns: Sequence[str] = CHECKPOINT_FILES) -> str:
    """Return a hash of what is in a checkpoint's folder.

    Args:
        checkpoint: The folder.
        patterns: Which of its files count.
    """
    digest = hashlib.sha256()
    for file in sorted(file for pattern in patterns for file in Path(checkpoint).glob(pattern) if file.is_file()):
        with file.open("rb") as content:
            digest.update(f"{file.name} {hashlib.file_digest(content, 'sha256').hexdigest()}\n".encode())
    return digest.hexdigest()[:16]


def _check(folder: Path, settings: dict[str, Any]) -> None:
    file = folder / SETTINGS_FILE
    if not (folder / RECORDS_FILE).exists():
        with atomic_file(file) as partial:
            partial.write_text(json.dumps(settings, indent=2) + "\n")
        return
    if not file.exists():
        raise ValueError(f"{folder} has episodes but no {SETTINGS_FILE}; give another `output`.")
    now = IMPLIED | dict(flat_settings(json.loads(json.dumps(settings))))
    earlier = IMPLIED | dict(flat_settings(json.loads(file.read_text())))
    for key in [*now, *earlier]:
        if earlier.get(key) != now.get(key):
            raise ValueError(
                f"{folder} holds results with another `{key}`: {earlier.get(key)!r} there, {now.get(key)!r} now. "
                "Give another `output`, or the settings that the folder was made with."
            )
