"""How alike a policy and a sentence encoder arrange instructions."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from vlareg.functional import FEATURES, precision_at_k, procrustes
from vlareg.functional.chance import Score
from vlareg.functional.chance_scores import Resampling, score_metric

FOLDS = 5


@dataclass(frozen=True)
class LanguageScores:
    """What maps of a policy's instructions onto the sentence encoder's are worth, on instructions they were not fitted on.

    Args:
        precision: Share of instructions whose own embedding is among the k nearest.
        explained: Share of the sentence encoder's variance that the map explains, 1 - Procrustes disparity; below 0 it is
            worse than the mean.
    """

    precision: Score
    explained: Score


def score_language(
    instructions: Float[Tensor, "sentences dim_x"],
    sentences: Float[Tensor, "sentences dim_y"],
    resampling: Resampling,
    k: int = 1,
) -> LanguageScores:
    """Map a policy's vectors onto the sentence encoder's, fitted on four fifths of the instructions and scored on the rest.

    Args:
        instructions: The policy's vectors.
        sentences: The sentence encoder's, in the same order.
        resampling: Numbers of exchanges and halvings of instructions; each fits the map anew, 5 times.
        k: Nearest vectors among which an instruction's own counts as found.

    Raises:
        ValueError: If the numbers differ, a side is constant, or `k` is not below the size of a fifth.
    """

    def precision(rows: Tensor, partners: Tensor) -> Tensor:
        x, y = instructions[rows], sentences[partners]
        return precision_at_k(x, y, k, groups=torch.arange(len(rows)), folds=FOLDS, space=FEATURES)

    def explained(rows: Tensor, partners: Tensor) -> Tensor:
        x, y = instructions[rows], sentences[partners]
        return 1 - procrustes(x, y, groups=torch.arange(len(rows)), folds=FOLDS, space=FEATURES)

    each = torch.arange(len(instructions))
    return LanguageScores(
        score_metric(precision, each, "precision", k, resampling=resampling),
        score_metric(explained, each, "explained", resampling=resampling),
    )
