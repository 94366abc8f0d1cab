"""How a policy's layers differ from those of the policy that it was fine-tuned from, on the same frames."""

from dataclasses import dataclass
from functools import partial

from jaxtyping import Int
from torch import Tensor

from vlareg.callbacks.readings import Readings
from vlareg.diagnose.estimate import Estimate, by_episodes
from vlareg.functional import FEATURES, cknna, effective_rank, unbiased_cka
from vlareg.shapes import Embeddings, Scalar


@dataclass(frozen=True)
class LayerScores:
    """How a layer spreads, and how far it moved.

    Args:
        effective_rank: Directions that it uses (at most the number of frames, and its width).
        cka_drift: 1 - unbiased CKA to the base's same layer: 0 where all distances between frames are the same up to a
            factor, about 1 where they have nothing in common. None for the base itself and for layers that it does not have.
        cknna_drift: 1 - CKNNA: the same for the distances to neighbours in other episodes.
    """

    effective_rank: Estimate
    cka_drift: Estimate | None = None
    cknna_drift: Estimate | None = None


def score_layers(readings: Readings, base: Readings | None, k: int, halvings: int) -> dict[str, LayerScores]:
    """Score every layer of a policy.

    Args:
        readings: Of the policy.
        base: Of the policy before fine-tuning, at the same frames; None if that is the policy itself.
        k: Number of neighbours.
        halvings: Divisions of the episodes into halves, for the intervals.

    Returns:
        Layer -> scores.

    Raises:
        ValueError: If the frames differ, or `k` leaves nothing to choose in half of the episodes.
    """
    if base is not None and readings.sample_ids.tolist() != base.sample_ids.tolist():
        raise ValueError("`base` must be read at the same frames, but was read at others.")
    episodes = readings.episode_ids
    scores = {}
    for name, x in readings.values.items():
        rank = by_episodes(partial(_rank, x), episodes, halvings)
        moved = _drift(x, base.values[name], episodes, k, halvings) if base and name in base.values else ()
        scores[name] = LayerScores(rank, *moved)
    return scores


def _rank(x: Embeddings, rows: Int[Tensor, "rows"]) -> Scalar:
    return effective_rank(x[rows])


def _drift(
    x: Embeddings, y: Embeddings, episodes: Int[Tensor, "samples"], k: int, halvings: int
) -> tuple[Estimate, Estimate]:
    def all_pairs(rows: Int[Tensor, "rows"]) -> Scalar:
        return 1 - unbiased_cka(x[rows], y[rows])

    def neighbours(rows: Int[Tensor, "rows"]) -> Scalar:
        return 1 - cknna(x[rows], y[rows], k, space=FEATURES, groups=episodes[rows])

    return by_episodes(all_pairs, episodes, halvings), by_episodes(neighbours, episodes, halvings)
