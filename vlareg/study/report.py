"""The page and the file of numbers."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from vlareg.files import atomic_file
from vlareg.study.grid import Grid
from vlareg.study.measurements import Measurements

NAME = "study"


def write_report(folder: Path, page: str, numbers: Mapping[str, Any]) -> tuple[Path, Path]:
    """Write the page and the numbers, each complete or not at all.

    Args:
        folder: Where to.
        page: The HTML.
        numbers: What is in it, for programs; NaN becomes null.

    Returns:
        The HTML and the JSON.
    """
    html, numbers_file = folder / f"{NAME}.html", folder / f"{NAME}.json"
    with atomic_file(numbers_file) as path:
        path.write_text(json.dumps(_plain(numbers), indent=1, allow_nan=False) + "\n")
    with atomic_file(html) as path:
        path.write_text(page)
    return html, numbers_file


def all_scores(found: Measurements) -> list[dict[str, Any]]:
    """Return every score of every policy in every scope.

    Args:
        found: The scores.
    """
    grids = [*found.grids.items(), *(((policy, found.whole), grid) for policy, grid in found.second.items())]
    return [
        {"policy": policy, "scope": scope, "point": point, "target": target, **_numbers(grid, point, target)}
        for (policy, scope), grid in grids
        for point in grid.points
        for target in grid.targets
    ]


def _numbers(grid: Grid, point: str, target: str) -> dict[str, Any]:
    score = grid.score([point], target)
    names = ("k", "samples", "episodes", "value", "chance", "calibrated", "z", "p", "low", "high")
    return {"metric": grid.metric, **{name: getattr(score, name) for name in names}}


def _plain(value: Any) -> Any:
    """Return what JSON knows, with six digits."""
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    if isinstance(value, Mapping):
        return {" | ".join(key) if isinstance(key, tuple) else str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Tensor):
        return _plain(value.tolist())
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    return str(value) if isinstance(value, Path) else value
