"""Success rates of the study's policies, from the results folders of `eval_libero.py`."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vlareg.data import Demonstrations
from vlareg.evaluation import Summary, read_records, summarize
from vlareg.evaluation.records import RECORDS_FILE
from vlareg.evaluation.settings import CHECKPOINT_FILES, SETTINGS_FILE, SHAPE_FILES, fingerprint
from vlareg.evaluation.subjects import Subject


@dataclass(frozen=True)
class Evaluations:
    """What the results folders say about the policies.

    Args:
        of: Name of the policy -> its success rates on the study's tasks.
        left_out: Folder -> why it says nothing about them.
    """

    of: dict[str, Summary]
    left_out: dict[str, str]


def read_evaluations(folders: Sequence[Path], subjects: Sequence[Subject], data: Demonstrations) -> Evaluations:
    """Read results folders and find out whose they are by the fingerprint of the weights.

    Args:
        folders: Results folders of `eval_libero.py`.
        subjects: The policies.
        data: Its suite and tasks count.

    Raises:
        FileNotFoundError: If a folder has no results.
        ValueError: If two folders are about one policy.
    """
    names = {_identity(subject): subject.name for subject in subjects}
    found, left_out = Evaluations({}, {}), {}
    for folder in folders:
        settings = _settings(folder)
        name = names.get((settings["checkpoint"].rpartition(" ")[2], settings["random_weights"]))
        reason = _reason(settings, name, data)
        if reason or name is None:
            left_out[str(folder)] = reason
        elif name in found.of:
            raise ValueError(f"`evaluations`: {folder} is a second evaluation of {name}; give one of each policy.")
        else:
            records = [record for record in read_records(folder / RECORDS_FILE) if record.task in data.tasks]
            found.of[name] = summarize(records)
    return Evaluations(found.of, left_out)


def _identity(subject: Subject) -> tuple[str, bool]:
    untrained = subject.random_seed is not None
    return fingerprint(subject.folder, SHAPE_FILES if untrained else CHECKPOINT_FILES), untrained


def _settings(folder: Path) -> dict[str, Any]:
    for name in (SETTINGS_FILE, RECORDS_FILE):
        if not (folder / name).is_file():
            raise FileNotFoundError(
                f"`evaluations` must be results folders of `eval_libero.py`, but {str(folder)!r} has no {name}."
            )
    settings: dict[str, Any] = json.loads((folder / SETTINGS_FILE).read_text())
    return settings


def _reason(settings: dict[str, Any], name: str | None, data: Demonstrations) -> str:
    """Return why an evaluation says nothing about the study's policies, nothing if it does."""
    if settings["suite"] != data.suite:
        return f"it is of the suite {settings['suite']}, not of {data.suite}"
    if settings["perturbation"] != "none":
        return f"its episodes were changed ({settings['perturbation']})"
    return "" if name else f"it is of other weights ({settings['checkpoint']}) than the study's"
