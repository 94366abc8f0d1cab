import torch

from vlareg.functional import mutual_knn
from vlareg.metrics import MutualKNN


def test_each_side_has_its_distance():
    x, y = torch.randn(50, 6) + 1, torch.randn(50, 4)
    metric = MutualKNN(k=7, distance_y="euclidean")
    metric.update(x, y)
    assert torch.equal(metric.compute(), mutual_knn(x, y, 7, distance_y="euclidean"))
