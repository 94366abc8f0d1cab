"""A results folder, read."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vlareg.evaluation.records import RECORDS_FILE, EpisodeRecord, read_records


@dataclass(frozen=True)
class Results:
    """What an evaluation left in its folder.

    Args:
        folder: The folder.
        records: Its episodes.
        settings: What they were made with; empty where the folder does not say.
        complete: Whether they are all that were planned; None where the folder does not say.
    """

    folder: Path
    records: tuple[EpisodeRecord, ...]
    settings: dict[str, Any]
    complete: bool | None = None


def read_results(folder: str | Path) -> Results:
    """Read a results folder of `eval_libero.py`.

    Args:
        folder: The folder.

    Raises:
        FileNotFoundError: If it has no records.
        ValueError: If a record cannot be read, or there is none.
    """
    # Here, because both import this module.
    from vlareg.evaluation.campaign import SUMMARY_FILE
    from vlareg.evaluation.settings import SETTINGS_FILE

    folder = Path(folder)
    if not (folder / RECORDS_FILE).is_file():
        raise FileNotFoundError(f"{str(folder)!r} is no results folder of eval_libero.py: it has no {RECORDS_FILE}.")
    records = read_records(folder / RECORDS_FILE)
    if not records:
        raise ValueError(f"{folder / RECORDS_FILE} has no episode yet.")
    settings, summary = (_read_json(folder / name) for name in (SETTINGS_FILE, SUMMARY_FILE))
    return Results(folder, tuple(records), settings, summary.get("complete"))


def _read_json(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {}
    return content


def flat_settings(settings: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Go through settings and those within them, as `versions.mujoco`.

    Args:
        settings: The settings.
        prefix: Stands before the names.

    Example:
        >>> dict(flat_settings({"seed": 0, "versions": {"mujoco": "3.3.2"}}))
        {'seed': 0, 'versions.mujoco': '3.3.2'}
    """
    for name, value in settings.items():
        if isinstance(value, dict):
            yield from flat_settings(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value
