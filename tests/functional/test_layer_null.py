import pytest
import torch

from tests.functional.spaces import normal
from vlareg.functional import ACTIONS, FEATURES
from vlareg.functional.layer_null import layer_null
from vlareg.functional.layer_pairs import LAYER_METRICS, score_layers
from vlareg.functional.layers import Layers
from vlareg.functional.permutations import episode_permutations

GROUPS = torch.arange(96) // 8


def sides():
    x = [normal(seed, 96, dim) + 1 for seed, dim in enumerate((12, 20))]
    y = [x[0] @ normal(7, 12, 4), x[1] + normal(8, 96, 20), normal(9, 96, 5)]
    return Layers(x, "x", 5, FEATURES, GROUPS), Layers(y, "y", 7, ACTIONS, GROUPS)


@pytest.mark.parametrize("metric", LAYER_METRICS)
def test_renaming_neighbours_scores_as_searching_again(metric):
    x, y = sides()
    orders = episode_permutations(GROUPS, 4)
    null = layer_null(metric, x, y, orders)
    expected = torch.stack([score_layers(metric, x, y.subset(order)) for order in orders]).double()
    torch.testing.assert_close(null, expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("metric", LAYER_METRICS)
def test_the_order_as_it_is_gives_the_scores(metric):
    x, y = sides()
    same = layer_null(metric, x, y, torch.arange(96)[None])[0]
    torch.testing.assert_close(same, score_layers(metric, x, y).double(), atol=1e-5, rtol=0)
