"""The page and the file of numbers."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vlareg.files import atomic_file, write_json
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
    write_json(numbers_file, numbers)
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
