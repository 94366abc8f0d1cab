import pytest
import torch

from tests.functional.spaces import normal
from vlareg import functional
from vlareg.functional import ACTIONS, FEATURES, RAW, Space, neighbours
from vlareg.functional.layer_pairs import LAYER_METRICS, score_layers
from vlareg.functional.layers import Layers

GROUPS = torch.arange(120) // 8
ALONE = {
    "cknna_paper": lambda x, y, k, **options: functional.cknna(x, y, k, variant="paper", **options),
    "rbf_cka": lambda x, y, k, space, groups: functional.cka(x, y, "rbf", "median", space=space),
    "cka": lambda x, y, k, space, groups: functional.cka(x, y, space=space),
    "unbiased_cka": lambda x, y, k, space, groups: functional.unbiased_cka(x, y, space=space),
    "svcca": lambda x, y, k, space, groups: functional.svcca(x, y, space=space),
}


def sides():
    x = [normal(seed, 120, dim) + 1 for seed, dim in enumerate((12, 150, 20))]
    y = [x[0] @ normal(7, 12, 4), x[1] @ normal(8, 150, 30) + normal(9, 120, 30)]
    return x, y


@pytest.mark.parametrize("metric", LAYER_METRICS)
@pytest.mark.parametrize("space", [(RAW, RAW), (FEATURES, ACTIONS), (Space("cosine"), Space("euclidean"))])
@pytest.mark.parametrize("groups", [None, GROUPS])
def test_every_pair_scores_as_alone(metric, space, groups):
    x, y = sides()
    scores = score_layers(metric, Layers(x, "x", 7, space[0], groups), Layers(y, "y", 7, space[1], groups))
    alone = ALONE.get(metric) or getattr(functional, metric)
    expected = torch.tensor([[float(alone(a, b, 7, space=space, groups=groups)) for b in y] for a in x])
    torch.testing.assert_close(scores, expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize("metric", LAYER_METRICS)
def test_parts_change_nothing(metric, monkeypatch):
    x, y = sides()
    whole = score_layers(metric, Layers(x, "x"), Layers(y, "y"))
    monkeypatch.setattr(neighbours, "BLOCK_ELEMENTS", 120 * 11)
    torch.testing.assert_close(score_layers(metric, Layers(x, "x"), Layers(y, "y")), whole, atol=1e-4, rtol=0)


@pytest.mark.parametrize("metric", LAYER_METRICS)
def test_autocast_changes_nothing(metric):
    x, y = sides()
    expected = score_layers(metric, Layers(x, "x"), Layers(y, "y"))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(score_layers(metric, Layers(x, "x"), Layers(y, "y")), expected)


def test_neighbours_are_sought_once_per_layer_for_all_metrics(monkeypatch):
    count = []
    search = neighbours._Search.block
    monkeypatch.setattr(neighbours._Search, "block", lambda self, *part: count.append(1) or search(self, *part))
    x, y = (Layers(layers, side) for layers, side in zip(sides(), ("x", "y"), strict=True))
    for metric in LAYER_METRICS:
        score_layers(metric, x, y)
    assert len(count) == 5


def test_each_layer_may_have_its_space():
    x, y = sides()
    mixed = score_layers("mutual_knn", Layers(x, "x"), Layers(y, "y", space=[FEATURES, ACTIONS]))
    for i, space in enumerate((FEATURES, ACTIONS)):
        alone = score_layers("mutual_knn", Layers(x, "x"), Layers(y, "y", space=space))
        assert torch.equal(mixed[:, i], alone[:, i])


def test_bad_layers_are_named():
    x, y = sides()
    x[2] = torch.ones(120, 3)
    for metric in LAYER_METRICS:
        with pytest.raises(ValueError, match="Layer 2 of `x`: `x` is constant"):
            score_layers(metric, Layers(x, "x"), Layers(y, "y"))
    y[1][3] = 0
    with pytest.raises(ValueError, match="Layer 1 of `y`: `y` has 1 vectors of zeros"):
        score_layers("mutual_knn", Layers(x[:2], "x"), Layers(y, "y"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"vectors": []}, "equally many samples"),
        ({"vectors": [normal(0, 20, 3), normal(0, 19, 3)]}, r"\[\[20, 3\], \[19, 3\]\]"),
        ({"space": [RAW]}, "1 spaces"),
    ],
)
def test_layers_are_of_the_same_samples(options, message):
    with pytest.raises(ValueError, match=message):
        Layers(**{"vectors": [normal(0, 20, 3), normal(1, 20, 3)], **options})


def test_both_sides_are_of_the_same_samples():
    with pytest.raises(ValueError, match="20 and 19 rows"):
        score_layers("cka", Layers([normal(0, 20, 3)]), Layers([normal(1, 19, 3)], "y"))


def test_an_unknown_metric_suggests_the_nearest():
    x = Layers([normal(0, 20, 3)])
    with pytest.raises(ValueError, match="did you mean 'mutual_knn'"):
        score_layers("mutual_nn", x, x)
