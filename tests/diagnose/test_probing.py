import math

import pytest
import torch

from vlareg.data.image_set import ImageSet
from vlareg.diagnose.probing import chance_of, probe_layers, score_probes


def _set(name: str, labels: list[int]) -> ImageSet:
    return ImageSet(name, ("a", "b"), torch.tensor(labels), lambda i: None)


def _right(*values: int) -> torch.Tensor:
    return torch.tensor(values).bool()


def test_the_mean_is_over_sets_and_the_gain_over_the_same_pictures():
    base = {"x": _right(1, 0, 0, 0), "y": _right(1, 1, 0, 0)}
    found = score_probes({"x": _right(1, 1, 0, 0), "y": _right(1, 1, 1, 0)}, base)
    assert {name: score.value for name, score in found.sets.items()} == {"x": 0.5, "y": 0.75}
    assert found.mean.value == 0.625
    assert (found.gain.value, found.gain.n) == (0.25, 8)
    assert found.gain.low < 0.25 < found.gain.high
    assert found.mean.high - found.mean.low < found.sets["x"].high - found.sets["x"].low
    assert score_probes(base).gain is None


def test_sets_of_unequal_size_count_alike_and_have_no_common_interval():
    found = score_probes({"x": _right(1, 1, 1, 1, 1, 1), "y": _right(0, 0)}).mean
    assert found.value == 0.5
    assert math.isnan(found.low)


def test_chance_is_the_share_of_the_most_frequent_class():
    assert chance_of(_set("x", [0, 0, 0, 0, 0, 0, 1, 1]), seed=0) == 0.75


def test_a_layer_that_knows_the_class_is_told_from_one_that_does_not():
    images = _set("x", [i % 2 for i in range(80)])
    noise = torch.randn(80, 4, generator=torch.Generator().manual_seed(0))
    features = {"x": {"knows": noise + 5 * images.labels[:, None], "noise": noise}}
    right = probe_layers([images], features, seed=0)
    assert right["knows"]["x"].float().mean() == 1
    assert right["noise"]["x"].float().mean() == pytest.approx(0.5, abs=0.25)
