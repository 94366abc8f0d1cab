"""The scores of one step: matrices of extraction points by targets, with what chance gives beside each."""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from vlareg.files import atomic_file

Matrix = list[list[float]]
"""A row per extraction point, a column per target."""

WITHOUT_NEIGHBOURS = ("cka", "unbiased_cka", "rbf_cka", "svcca")


@dataclass(frozen=True)
class AlignmentRecord:
    """Scores of every pair of an extraction point and a target at one optimizer step.

    Args:
        step: Optimizer step.
        samples: Number of probe samples.
        episodes: Number of episodes that they are from.
        k: Number of neighbours.
        points: Names of the rows.
        targets: Names of the columns.
        scores: Metric -> quantity (`score`, `chance`, ...) -> matrix; NaN where it could not be computed.
    """

    step: int
    samples: int
    episodes: int
    k: int
    points: list[str]
    targets: list[str]
    scores: dict[str, dict[str, Matrix]]

    def metric_name(self, metric: str) -> str:
        """Return a metric's name with k, if it has one, and N, without which its scores cannot be compared.

        Args:
            metric: Such as "mutual_knn".
        """
        k = "" if metric in WITHOUT_NEIGHBOURS else f"_k{self.k}"
        return f"{metric}{k}_n{self.samples}"

    def is_comparable(self, other: "AlignmentRecord") -> bool:
        """Return whether another record is of the same points, targets and metrics.

        Args:
            other: The other record.
        """
        mine, others = ((r.points, r.targets, list(r.scores)) for r in (self, other))
        return mine == others

    def value(self, metric: str, quantity: str, point: str, target: str) -> float:
        """Return one cell, NaN where this record does not have it.

        Args:
            metric: Such as "mutual_knn".
            quantity: Such as "score".
            point: Name of the row.
            target: Name of the column.
        """
        matrix = self.scores.get(metric, {}).get(quantity)
        if matrix is None or point not in self.points or target not in self.targets:
            return math.nan
        return matrix[self.points.index(point)][self.targets.index(target)]

    def named(self, quantity: str = "score") -> dict[str, float]:
        """Return `alignment/{point}/{target}/{metric}_k{k}_n{samples}` -> value of every pair.

        Args:
            quantity: Which of the quantities.
        """
        return {
            f"alignment/{point}/{target}/{self.metric_name(metric)}": value
            for metric, quantities in self.scores.items()
            for point, row in zip(self.points, quantities[quantity], strict=True)
            for target, value in zip(self.targets, row, strict=True)
        }

    def scalars(self) -> dict[str, float]:
        """Return every pair's score under its name, and beside it `{name}/chance` and `{name}/calibrated`."""
        beside = {
            f"{name}/{quantity}": value
            for quantity in ("chance", "calibrated")
            for name, value in self.named(quantity).items()
        }
        return {**self.named(), **beside}


def save_records(records: Sequence[AlignmentRecord], file: Path) -> None:
    """Write records as JSON, NaN as null.

    Args:
        records: One per step.
        file: The file to write; it appears complete or not at all.
    """
    contents = [{**asdict(record), "scores": _each(record.scores, _nan_to_null)} for record in records]
    with atomic_file(file) as path:
        path.write_text(json.dumps({"records": contents}, allow_nan=False))


def load_records(file: str | Path) -> list[AlignmentRecord]:
    """Read what `save_records` wrote.

    Args:
        file: The file.
    """
    contents = json.loads(Path(file).read_text())["records"]
    return [AlignmentRecord(**{**content, "scores": _each(content["scores"], _null_to_nan)}) for content in contents]


def _each(scores: dict[str, Any], change: Callable[[Any], Any]) -> dict[str, Any]:
    return {
        metric: {name: [[change(value) for value in row] for row in matrix] for name, matrix in quantities.items()}
        for metric, quantities in scores.items()
    }


def _nan_to_null(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _null_to_nan(value: float | None) -> float:
    return math.nan if value is None else value
