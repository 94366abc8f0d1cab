"""Formulas on tensors, without a framework."""

from vlareg.functional.cka import cka, unbiased_cka
from vlareg.functional.cknna import cknna
from vlareg.functional.duplicates import first_of_each
from vlareg.functional.knn import cycle_knn, edit_distance_knn, lcs_knn, mutual_knn
from vlareg.functional.neighbours import Neighbours, nearest_neighbours
from vlareg.functional.outliers import clamp_outliers
from vlareg.functional.procrustes import procrustes
from vlareg.functional.rank import effective_rank
from vlareg.functional.retrieval import precision_at_k
from vlareg.functional.rotations import axis_angle_to_6d, axis_angle_to_matrix
from vlareg.functional.space import ACTIONS, FEATURES, RAW, Space
from vlareg.functional.svcca import svcca

__all__ = [
    "ACTIONS",
    "FEATURES",
    "RAW",
    "Neighbours",
    "Space",
    "axis_angle_to_6d",
    "axis_angle_to_matrix",
    "cka",
    "cknna",
    "clamp_outliers",
    "cycle_knn",
    "edit_distance_knn",
    "effective_rank",
    "first_of_each",
    "lcs_knn",
    "mutual_knn",
    "nearest_neighbours",
    "precision_at_k",
    "procrustes",
    "svcca",
    "unbiased_cka",
]
