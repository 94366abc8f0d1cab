"""Score every extraction point against every target, beside what chance gives."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from lightning.pytorch.utilities import rank_zero_warn
from torch import Tensor

from vlareg.callbacks.alignment_record import Matrix
from vlareg.callbacks.readings import Readings
from vlareg.callbacks.representation import Representation
from vlareg.functional.chance_scores import Resampling
from vlareg.functional.checks import check_embeddings, check_k
from vlareg.functional.layer_scores import score_with_chance
from vlareg.functional.layers import Layers
from vlareg.functional.neighbours import Side

RESAMPLING = Resampling(permutations=50, halves=0)
"""The smallest p is 1 / 51; there are no intervals, which cost some thirty times as much as the scores."""

QUANTITIES = ("score", "chance", "calibrated", "z", "p", "p_best")

Scores = Float[Tensor, "points targets"]


def score_pairs(
    readings: Readings,
    points: Sequence[Representation],
    targets: Sequence[Representation],
    metrics: Sequence[str],
    k: int,
) -> dict[str, dict[str, Matrix]]:
    """Return, by metric, what is known about the score of every point and target.

    - `score`, and `calibrated`: 0 at chance, 1 at the largest possible score;
    - `chance`, and `z`: mean of the score when whole episodes are permuted, and how many standard deviations of that the
      score lies above it;
    - `p`: how probable at least this score is by chance; `p_best`, how probable it is for the best of all points and targets.

    Episodes take the place of those of other tasks too, so that telling tasks apart is alignment here; `vlareg.study` counts it
    as chance.

    A point or target of which nothing can be said, such as a collapsed representation, has NaN, and a warning says why.

    Args:
        readings: Points and targets, read from a probe set.
        points: The rows.
        targets: The columns.
        metrics: Names of `vlareg.functional.layer_pairs.LAYER_METRICS`.
        k: Number of neighbours, from other episodes only.

    Raises:
        ValueError: If `k` leaves nothing to choose, too few episodes have equally many samples, or a metric is unknown.
    """
    check_k(k, len(readings.sample_ids), readings.episode_ids)
    rows, columns = ([i for i, item in enumerate(side) if _is_sound(item, readings)] for side in (points, targets))
    matrices = {m: torch.full((len(QUANTITIES), len(points), len(targets)), torch.nan).double() for m in metrics}
    if rows and columns:
        x = _layers([points[i] for i in rows], "x", readings, k)
        y = _layers([targets[i] for i in columns], "y", readings, k)
        for metric in metrics:
            known = torch.stack(_with_chance(metric, x, y))
            matrices[metric][:, torch.tensor(rows)[:, None], torch.tensor(columns)] = known.cpu()
    return {m: dict(zip(QUANTITIES, matrix.tolist(), strict=True)) for m, matrix in matrices.items()}


def _is_sound(item: Representation, readings: Readings) -> bool:
    """Return whether a representation can be compared at all; a warning says why not."""
    try:
        check_embeddings(readings.values[item.name], item.name)
        item.space.place(readings.values[item.name], item.name)
    except ValueError as error:
        rank_zero_warn(f"Its alignment is NaN: {error}")
        return False
    return True


def _layers(items: Sequence[Representation], side: Side, readings: Readings, k: int) -> Layers:
    vectors, spaces = [readings.values[item.name] for item in items], [item.space for item in items]
    return Layers(vectors, side, k, spaces, readings.episode_ids)


def _with_chance(metric: str, x: Layers, y: Layers) -> list[Scores]:
    """Return the quantities, in their order."""
    known = score_with_chance(metric, x, y, RESAMPLING)
    return [known.value, known.chance, known.calibrated, known.z, known.p, known.p_best]
