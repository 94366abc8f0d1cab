"""Alignment metrics that collect over steps and ranks."""

from vlareg.metrics.alignment_matrix import AlignmentMatrix
from vlareg.metrics.cka import CKA, UnbiasedCKA
from vlareg.metrics.cknna import CKNNA
from vlareg.metrics.effective_rank import EffectiveRank
from vlareg.metrics.knn import LCSKNN, CycleKNN, EditDistanceKNN, MutualKNN
from vlareg.metrics.pairs import PairMetric
from vlareg.metrics.procrustes import PrecisionAtK, ProcrustesDisparity
from vlareg.metrics.svcca import SVCCA

__all__ = [
    "CKA",
    "CKNNA",
    "LCSKNN",
    "SVCCA",
    "AlignmentMatrix",
    "CycleKNN",
    "EditDistanceKNN",
    "EffectiveRank",
    "MutualKNN",
    "PairMetric",
    "PrecisionAtK",
    "ProcrustesDisparity",
    "UnbiasedCKA",
]
