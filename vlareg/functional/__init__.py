"""Formulas on tensors, without a framework."""

from vlareg.functional.alignment import cknna, mutual_knn
from vlareg.functional.neighbours import Neighbours, nearest_neighbours
from vlareg.functional.rank import effective_rank
from vlareg.functional.rotations import axis_angle_to_6d, axis_angle_to_matrix

__all__ = [
    "Neighbours",
    "axis_angle_to_6d",
    "axis_angle_to_matrix",
    "cknna",
    "effective_rank",
    "mutual_knn",
    "nearest_neighbours",
]
