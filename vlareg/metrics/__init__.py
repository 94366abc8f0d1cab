"""Alignment metrics that collect over steps and ranks."""

from vlareg.metrics.cknna import CKNNA
from vlareg.metrics.mutual_knn import MutualKNN
from vlareg.metrics.pairs import PairMetric

__all__ = ["CKNNA", "MutualKNN", "PairMetric"]
