import numpy as np
import pytest
import torch

from tests.functional.spaces import normal, time_series
from vlareg.functional.chance_scores import Resampling
from vlareg.functional.layer_pairs import LAYER_METRICS
from vlareg.functional.layer_scores import score_with_chance
from vlareg.functional.layers import Layers

GROUPS = torch.arange(120) // 10
FEW = Resampling(permutations=99, halves=0)


def sides(k=4):
    x = [normal(seed, 120, 6) for seed in range(3)]
    y = [normal(7, 120, 4), x[1] + 0.1 * normal(8, 120, 6)]
    return Layers(x, "x", k, groups=GROUPS), Layers(y, "y", k, groups=GROUPS)


@pytest.mark.parametrize("metric", LAYER_METRICS)
def test_the_pair_that_is_alike_stands_out(metric):
    scores = score_with_chance(metric, *sides(), FEW)
    assert scores.value.argmax() == 3
    assert scores.p[1, 1] == scores.p_best[1, 1] == pytest.approx(0.01)
    assert (scores.p_best >= scores.p).all()
    assert scores.z[1, 1] > 4
    assert (scores.best.value, scores.best.p) == (float(scores.value[1, 1]), pytest.approx(0.01))
    assert scores.best.chance > float(scores.chance.amax())
    assert scores.calibrated[1, 1] == pytest.approx(
        (scores.best.value - float(scores.chance[1, 1])) / (scores.best.best - float(scores.chance[1, 1]))
    )
    assert scores.low.isnan().all()


def test_scores_are_named_by_what_they_depend_on():
    assert score_with_chance("mutual_knn", *sides(), FEW).name == "mutual_knn_k4_n120"
    assert score_with_chance("cka", *sides(), FEW, "images/cka").name == "images/cka_n120"
    lcs = score_with_chance("lcs_knn", *sides(), FEW)
    assert lcs.best.best == 4
    assert float(lcs.calibrated.amax()) < 1


def test_intervals_hold_the_score():
    scores = score_with_chance("mutual_knn", *sides(), Resampling(permutations=9, halves=20))
    assert (scores.low < scores.value).all()
    assert (scores.value < scores.high).all()
    assert scores.best.low < scores.best.value < scores.best.high


def test_the_best_of_many_unrelated_pairs_is_no_discovery():
    p, p_best = [], []
    for seed in range(40):
        layers = [time_series(100 * seed + i, 12, 10, 4) for i in range(8)]
        x, y = Layers(layers[:4], "x", 4, groups=GROUPS), Layers(layers[4:], "y", 4, groups=GROUPS)
        scores = score_with_chance("mutual_knn", x, y, Resampling(permutations=49, halves=0))
        p.append(float(scores.p.amin()))
        p_best.append(float(scores.p_best.amin()))
    assert np.mean(np.array(p) < 0.1) > 0.4
    assert np.mean(np.array(p_best) < 0.1) < 0.25


def test_without_episodes_there_is_no_chance():
    x, y = (Layers(side.vectors, side.side, 4) for side in sides())
    with pytest.raises(ValueError, match="`groups` must be given for a null"):
        score_with_chance("mutual_knn", x, y)
