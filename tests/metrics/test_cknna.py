import torch

from vlareg.functional import cknna
from vlareg.metrics import CKNNA


def test_the_biased_estimate_can_be_asked_for():
    x = torch.randn(50, 6)
    y = x[:, :4] + torch.randn(50, 4)
    metric = CKNNA(k=7, unbiased=False)
    metric.update(x, y)
    torch.testing.assert_close(metric.compute(), cknna(x, y, 7, unbiased=False))
