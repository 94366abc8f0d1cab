import math
from dataclasses import replace

import pytest
import torch

from vlareg.callbacks.readings import Readings
from vlareg.callbacks.representation import Representation
from vlareg.functional import ACTIONS, FEATURES, mutual_knn
from vlareg.functional.chance_scores import Resampling
from vlareg.study.grid import difference
from vlareg.study.scopes import ALL, ANY, OTHER, list_scopes
from vlareg.study.scoring import score_grid

TASKS, EPISODES, FRAMES, DIM, K = 2, 12, 8, 6, 5
episodes = torch.arange(TASKS * EPISODES).repeat_interleave(FRAMES)
tasks = episodes // EPISODES
time = torch.arange(len(episodes)) % FRAMES


def _readings(**values: torch.Tensor) -> Readings:
    return Readings({name: value.float() for name, value in values.items()}, episodes, torch.arange(len(episodes)))


def _noise(seed: int) -> torch.Tensor:
    return torch.randn(len(episodes), DIM, generator=torch.Generator().manual_seed(seed))


def _read(name: str, space=ACTIONS) -> Representation:
    return Representation(name, lambda batch, tokens: batch.proprio, space=space)


@pytest.fixture(scope="module")
def scopes():
    return {s.name: s for s in list_scopes(episodes, tasks, ["a", "b"], Resampling(permutations=100, halves=20))}


def test_the_score_is_that_of_the_functional_metric(scopes):
    readings = _readings(x=_noise(0), y=_noise(0) + 0.5 * _noise(1))
    grid = score_grid(readings, scopes[ALL], [_read("x", FEATURES)], [_read("y")], K)
    x, y = readings.values.values()
    expected = mutual_knn(x, y, K, space=(FEATURES, ACTIONS), groups=episodes)
    score = grid.score(["x"], "y")
    assert score.value == pytest.approx(float(expected), abs=1e-6)
    assert score.low < score.value < score.high
    assert score.p < 0.02
    assert (score.k, score.samples, score.episodes) == (K, len(episodes), TASKS * EPISODES)


def test_clock_and_task_in_both_spaces_are_chance_unless_episodes_of_any_task_are_exchanged(scopes):
    """p of unrelated spaces is uniform: its mean over 30 draws has a standard deviation of .053."""
    clock, task = time[:, None].expand(-1, DIM), 3.0 * tasks[:, None]
    p = {name: [] for name in (ALL, ANY, OTHER, "a")}
    for seed in range(30):
        x, y = (clock + task + 0.5 * _noise(1000 + 2 * seed + side) for side in (0, 1))
        for name, values in p.items():
            scope = replace(scopes[name], halves=scopes[name].halves[:0])
            score = score_grid(_readings(x=x, y=y), scope, [_read("x")], [_read("y")], K).score(["x"], "y")
            assert math.isnan(score.low)
            assert score.value > 2 * K / len(scope.rows)  # what shuffled frames would give
            values.append(score.p)
    assert all(abs(sum(p[name]) / 30 - 0.5) < 0.17 for name in (ALL, OTHER, "a"))
    assert max(p[ANY]) < 0.05


def test_across_tasks_neighbours_are_of_other_tasks(scopes):
    """What both spaces share differs in sign between the tasks, so that no neighbour carries over."""
    shared = _noise(0)
    sign = 1 - 2 * tasks[:, None]
    readings = _readings(x=shared, y=sign * shared)
    within, across = (
        score_grid(readings, scopes[n], [_read("x")], [_read("y")], K).score(["x"], "y") for n in ("a", OTHER)
    )
    assert within.value == 1.0
    assert across.calibrated < 0.2


def test_what_cannot_be_compared_is_nan_with_a_reason(scopes):
    readings = _readings(x=_noise(0), still=torch.zeros(len(episodes), 2), y=_noise(1))
    grid = score_grid(readings, scopes[ALL], [_read("x"), _read("still")], [_read("y")], K)
    assert math.isnan(grid.score(["still"], "y").value)
    assert math.isfinite(grid.score(["x"], "y").value)
    assert "constant" in grid.reasons["still"]
    assert math.isnan(difference(grid, grid, (["x"], ["still"]), "y").value)
    with pytest.raises(ValueError, match=r"Nothing can be compared in `all tasks`: .*constant"):
        score_grid(readings, scopes[ALL], [_read("still")], [_read("y")], K)


def test_what_is_constant_in_a_half_is_left_out_too(scopes):
    rare = torch.where(episodes == 0, 1.0, 0.0)[:, None]
    grid = score_grid(_readings(x=_noise(0), rare=rare), scopes[ALL], [_read("x")], [_read("rare"), _read("x")], K)
    assert grid.targets == ["x"]
    assert "constant" in grid.reasons["rare"]


def test_the_best_of_many_unrelated_points_is_compared_with_the_best_by_chance(scopes):
    points = [_read(f"x{i}") for i in range(20)]
    readings = _readings(y=_noise(99), **{point.name: _noise(i) for i, point in enumerate(points)})
    grid = score_grid(readings, scopes[ALL], points, [_read("y")], K)
    names = [point.name for point in points]
    best, alone = grid.score(names, "y"), [grid.score([name], "y") for name in names]
    assert best.value == max(score.value for score in alone)
    assert best.chance > max(score.chance for score in alone)
    assert best.p > 0.05


def test_a_difference_on_the_same_frames_is_surer_than_both_scores(scopes):
    y = _noise(0)
    good, bad = y + 0.5 * _noise(1), y + 0.5 * _noise(1) + _noise(2)
    grid = score_grid(_readings(y=y, good=good, bad=bad), scopes[ALL], [_read("good"), _read("bad")], [_read("y")], K)
    found = difference(grid, grid, (["good"], ["bad"]), "y")
    scores = [grid.score([name], "y") for name in ("good", "bad")]
    assert found.verdict == "higher"
    assert found.value == pytest.approx(scores[0].calibrated - scores[1].calibrated)
    assert difference(grid, grid, (["bad"], ["good"]), "y").verdict == "lower"
    assert difference(grid, grid, (["bad"], ["bad"]), "y").verdict == "not told apart"


def test_another_metric_is_scored_alike(scopes):
    readings = _readings(x=_noise(0), y=_noise(0) + 0.3 * _noise(1), z=_noise(2))
    grid = score_grid(readings, scopes[ALL], [_read("x")], [_read("y"), _read("z")], K, "cknna")
    assert grid.score(["x"], "y").p < 0.05 < grid.score(["x"], "z").p
    assert abs(grid.score(["x"], "z").chance) < 0.05
