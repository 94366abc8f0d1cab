import pickle

import pytest
import torch
import torch.distributed as dist

from tests.two_ranks import on_two_ranks
from vlareg.functional import ACTIONS, FEATURES, mutual_knn
from vlareg.functional.layer_pairs import LAYER_METRICS, score_layers
from vlareg.functional.layers import Layers
from vlareg.metrics import AlignmentMatrix

ALL = list(LAYER_METRICS)


def sample():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(90, 3, 12, generator=generator)
    y = [x[:, 0] @ torch.randn(12, 4, generator=generator), x[:, 2] + torch.randn(90, 12, generator=generator)]
    return x, y, torch.arange(90) // 6


def expected(metrics, groups=None, k=5):
    x, y, _ = sample()
    sides = Layers(list(x.unbind(1)), "x", k, FEATURES, groups), Layers(y, "y", k, ACTIONS, groups)
    return {name: score_layers(name, *sides) for name in metrics}


def part_of(y, rows):
    return [layer[rows] for layer in y]


@pytest.mark.parametrize("grouped", [False, True])
def test_collects_over_steps(grouped):
    metric = AlignmentMatrix(ALL, 5, (FEATURES, ACTIONS))
    x, y, episodes = sample()
    for rows in (slice(0, 31), slice(31, 32), slice(32, 90)):
        metric.update(x[rows], part_of(y, rows), episodes[rows] if grouped else None)
    torch.testing.assert_close(metric.compute(), expected(ALL, episodes if grouped else None))


def test_one_name_gives_a_matrix_of_layers_by_layers():
    metric = AlignmentMatrix("mutual_knn", (5, 7))
    x, y, _ = sample()
    metric.update(x, y)
    scores = metric.compute()
    assert scores.shape == (3, 2)
    assert scores[1, 0] == mutual_knn(x[:, 1], y[0], (5, 7))


def test_layers_may_be_of_any_width_and_type():
    metric = AlignmentMatrix(k=5)
    x, y, _ = sample()
    metric.update([x[:, 0].bfloat16(), x[:, 1]], y)
    assert metric.compute()[0, 1] == mutual_knn(x[:, 0].bfloat16(), y[1], 5)


def test_copies_of_a_sample_count_once():
    x, y, episodes = sample()
    ids = torch.cat([torch.arange(90), torch.arange(30)])
    metric = AlignmentMatrix(["mutual_knn", "cka"], 5, (FEATURES, ACTIONS))
    metric.update(x[ids], part_of(y, ids), episodes[ids], ids)
    torch.testing.assert_close(metric.compute(), expected(["mutual_knn", "cka"], episodes))


def test_shows_the_neighbours_behind_the_scores():
    metric = AlignmentMatrix("mutual_knn", 5, (FEATURES, ACTIONS))
    x, y, episodes = sample()
    metric.update(x, y, episodes)
    side_x, side_y = metric.layers
    assert side_x.neighbours.indices.shape == (3, 90, 5)
    assert torch.equal(score_layers("mutual_knn", side_x, side_y), metric.compute())
    assert metric.layers[0] is side_x
    metric.update(x + 1, y, episodes + 90)
    assert metric.layers[0].neighbours.indices.shape == (3, 180, 5)


def test_starts_anew_after_reset_and_can_be_pickled():
    metric = AlignmentMatrix(["mutual_knn", "cka"], 5, (FEATURES, ACTIONS))
    x, y, episodes = sample()
    metric.update(x.requires_grad_(), [y[0]], episodes)
    metric.compute()
    metric.reset()
    metric.update(x.detach(), y, episodes)
    assert not metric.x[0].requires_grad
    assert (metric.higher_is_better, metric.is_differentiable, metric.full_state_update) == (True, False, False)
    scores = metric.compute()
    torch.testing.assert_close(scores, expected(["mutual_knn", "cka"], episodes))
    torch.testing.assert_close(pickle.loads(pickle.dumps(metric)).compute(), scores)


def scores_of_a_rank():
    x, y, episodes = sample()
    shared, one_sided = (AlignmentMatrix(ALL, 5, (FEATURES, ACTIONS)) for _ in range(2))
    own = slice(0, 25) if dist.get_rank() == 0 else slice(25, 90)
    shared.update(x[own], part_of(y, own), episodes[own])
    if dist.get_rank() == 1:
        one_sided.update(x, y, episodes)
    both = shared.compute(), one_sided.compute()
    return {name: torch.stack([scores[name] for scores in both]) for name in ALL}


def test_collects_over_ranks_with_unequal_shares_or_none():
    groups = sample()[2]
    for result in on_two_ranks(scores_of_a_rank):
        for name, scores in expected(ALL, groups).items():
            torch.testing.assert_close(result[name], scores.expand(2, -1, -1), atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x, y: (x[:, 0], y), r"`x` must be \[samples, layers, dim\]"),
        (lambda x, y: (x, []), "`y` must be"),
        (lambda x, y: (x, [y[0], y[1][1:]]), "same samples"),
        (lambda x, y: (x[1:], y), "89, 90, no, no rows"),
    ],
)
def test_what_is_no_side_is_refused(change, message):
    x, y, _ = sample()
    with pytest.raises(ValueError, match=message):
        AlignmentMatrix().update(*change(x, y))


def test_layers_keep_their_widths():
    metric = AlignmentMatrix()
    x, y, _ = sample()
    metric.update(x, y)
    with pytest.raises(ValueError, match="Layers must keep their widths"):
        metric.update(x, y[::-1])


@pytest.mark.parametrize(
    ("options", "message"), [({"metric": "cknn"}, "did you mean 'cknna'"), ({"k": 0}, "`k` must be >= 1")]
)
def test_wrong_options_are_refused_at_once(options, message):
    with pytest.raises(ValueError, match=message):
        AlignmentMatrix(**options)
