"""Formulas on tensors, without a framework."""

from vlareg.functional.chance import Score
from vlareg.functional.chance_scores import Resampling, score_metric
from vlareg.functional.cka import cka, unbiased_cka
from vlareg.functional.cknna import cknna
from vlareg.functional.duplicates import first_of_each
from vlareg.functional.knn import cycle_knn, edit_distance_knn, lcs_knn, mutual_knn
from vlareg.functional.layer_null import layer_null
from vlareg.functional.layer_pairs import score_layers
from vlareg.functional.layer_scores import LayerScores, score_with_chance
from vlareg.functional.layers import Layers
from vlareg.functional.neighbours import Neighbours, nearest_neighbours
from vlareg.functional.outliers import clamp_outliers
from vlareg.functional.permutations import episode_permutations, even_frames
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
    "LayerScores",
    "Layers",
    "Neighbours",
    "Resampling",
    "Score",
    "Space",
    "axis_angle_to_6d",
    "axis_angle_to_matrix",
    "cka",
    "cknna",
    "clamp_outliers",
    "cycle_knn",
    "edit_distance_knn",
    "effective_rank",
    "episode_permutations",
    "even_frames",
    "first_of_each",
    "layer_null",
    "lcs_knn",
    "mutual_knn",
    "nearest_neighbours",
    "precision_at_k",
    "procrustes",
    "score_layers",
    "score_metric",
    "score_with_chance",
    "svcca",
    "unbiased_cka",
]
