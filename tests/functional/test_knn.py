import numpy as np
import pytest
import torch

from tests.functional.spaces import BAD_PAIRS, PUBLISHED, noisy_pair, normal, published, time_series
from vlareg.functional import (
    ACTIONS,
    FEATURES,
    Space,
    cycle_knn,
    edit_distance_knn,
    lcs_knn,
    mutual_knn,
    nearest_neighbours,
)

METRICS = [mutual_knn, cycle_knn, lcs_knn, edit_distance_knn]
EUCLIDEAN = Space("euclidean")


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("kind", ["raw", "l2"])
@pytest.mark.parametrize("k", [1, 5, 10, 50])
def test_meets_the_published_implementation(metric, kind, k):
    expected = PUBLISHED[f"{kind}/{metric.__name__}/k{k}"]
    assert float(metric(*published(kind), k)) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(("metric", "best"), [(mutual_knn, 1), (lcs_knn, 10), (edit_distance_knn, 1)])
@pytest.mark.parametrize("offset", [0.0, 30.0, 1000.0])  # mean cosine 0, .999, .999999
def test_a_space_is_aligned_with_itself(metric, best, offset):
    x = normal(0, 120, 16) + offset
    assert float(metric(x, x)) == pytest.approx(best, abs=1e-3)


def test_scores_from_one_direction_only_are_not_symmetric():
    x, y = noisy_pair()
    assert float(cycle_knn(x, y)) != float(cycle_knn(y, x))
    assert float(mutual_knn(x, y)) == float(mutual_knn(y, x))


@pytest.mark.parametrize("metric", METRICS)
def test_each_side_has_its_space(metric):
    x, y = noisy_pair()
    placed = metric(FEATURES.place(x), ACTIONS.place(y), space=(Space(), EUCLIDEAN))
    assert float(metric(x, y, space=(FEATURES, ACTIONS))) == float(placed)


def test_unequal_lists_share_at_most_the_shorter():
    x = normal(0, 100, 4)
    assert float(mutual_knn(x, x, (20, 5))) == 1
    assert float(lcs_knn(x, x, (20, 5))) == float(lcs_knn(x, x, (5, 20))) == 5
    assert float(edit_distance_knn(x, x, (20, 5))) == 0.25
    assert float(cycle_knn(x, x, (20, 5))) > float(cycle_knn(x, x, (5, 5)))


@pytest.mark.parametrize("samples", [200, 400])
def test_independent_data_is_at_chance(samples):
    pairs = [(normal(seed, samples, 8), normal(seed + 99, samples, 8)) for seed in range(20)]
    for metric, chance in ((mutual_knn, 10 / (samples - 1)), (cycle_knn, 1 - (1 - 10 / (samples - 1)) ** 10)):
        scores = [float(metric(x, y, space=EUCLIDEAN)) for x, y in pairs]
        # Hubs lower the chance of a cycle a little.
        assert np.mean(scores) == pytest.approx(chance, abs=3 * np.std(scores) / np.sqrt(20) + 0.1 * chance)


@pytest.mark.parametrize("phi", [0.9, 0.995])
def test_time_alone_aligns_two_spaces_unless_neighbours_are_from_other_episodes(phi):
    x, y, groups = time_series(0, phi=phi), time_series(1, phi=phi), torch.arange(1000) // 50
    assert float(mutual_knn(x, y, space=EUCLIDEAN)) > 0.2
    within = [
        float(mutual_knn(time_series(s, phi=phi), time_series(s + 50, phi=phi), space=EUCLIDEAN, groups=groups))
        for s in range(20)
    ]
    assert np.mean(within) == pytest.approx(10 / 950, abs=3 * np.std(within) / np.sqrt(20))


def test_frozen_frames_align_two_spaces_unless_neighbours_are_from_other_episodes():
    groups = torch.arange(1000) // 50
    moving = torch.arange(1000) - torch.arange(1000) % 50 % 25  # half of the frames repeat the last one that moved
    x, y = normal(0, 1000, 8)[moving], normal(1, 1000, 8)[moving]
    assert float(mutual_knn(x, y, space=EUCLIDEAN)) > 0.3
    assert float(mutual_knn(x, y, space=EUCLIDEAN, groups=groups)) == pytest.approx(10 / 950, abs=0.01)


def test_two_independent_binary_values_share_neighbours_by_chance_only():
    x, y = (normal(seed, 1000, 1).sign() for seed in (0, 1))
    assert float(mutual_knn(x, y, space=EUCLIDEAN)) == pytest.approx(10 / 999, abs=0.01)
    assert float(lcs_knn(x, x.clone(), space=EUCLIDEAN)) < 0.5


def test_the_largest_unit_decides_unless_columns_are_standardised():
    metres, radians = 0.01 * normal(0, 600, 3), normal(1, 600, 3)
    state = torch.cat([metres, radians], dim=1)
    assert float(mutual_knn(metres, state, space=EUCLIDEAN)) < 0.05
    assert float(mutual_knn(metres, state, space=ACTIONS)) > 0.15


def test_a_gripper_decides_in_any_units_and_has_to_be_scored_apart():
    arm, gripper = 0.1 * normal(0, 600, 6), normal(1, 600, 1).sign()
    for space in (EUCLIDEAN, ACTIONS):
        near = nearest_neighbours(torch.cat([arm, gripper], dim=1), 10, space=space)
        assert float((gripper[near.indices] == gripper[:, None]).float().mean()) > 0.98


def test_speed_is_part_of_an_action_unless_only_directions_count():
    direction = normal(0, 300, 6)
    actions, slow = torch.cat([direction, 4 * direction]), torch.arange(600) < 300
    for space, share in ((ACTIONS, 0.85), (FEATURES, 0.5)):
        near = nearest_neighbours(actions, 10, space=space)
        assert float((slow[near.indices] == slow[:, None]).float().mean()) == pytest.approx(share, abs=0.1)


def test_the_mean_over_batches_is_another_metric():
    x, y = noisy_pair(samples=1024, dim_x=32)
    batches = [float(mutual_knn(a, b)) for a, b in zip(x.split(64), y.split(64), strict=True)]
    assert np.mean(batches) > 2 * float(mutual_knn(x, y))


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_any_float_type_has_a_score_and_autocast_changes_nothing(metric, dtype):
    x, y = (side.to(dtype) for side in noisy_pair())
    expected = metric(x.double(), y.double())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        score = metric(x, y)
    torch.testing.assert_close(score, expected, atol=0.01, rtol=0)


@pytest.mark.parametrize("metric", METRICS)
def test_scores_are_scalars_without_gradient(metric):
    x = normal(0, 40, 4).requires_grad_()
    score = metric(x, x.detach())
    assert score.shape == ()
    assert score.dtype == torch.float32
    assert not score.requires_grad


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(("x", "y", "message"), BAD_PAIRS)
def test_bad_input_never_gets_a_score(metric, x, y, message):
    with pytest.raises(ValueError, match=message):
        metric(x, y, 5)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("k", [0, 19, 25, (5, 19)])
def test_everybody_is_nobodys_neighbour(metric, k):
    with pytest.raises(ValueError, match="`k` must be in"):
        metric(normal(0, 20, 3), normal(1, 20, 3), k)


@pytest.mark.parametrize("metric", METRICS)
def test_vectors_of_zeros_are_refused_where_they_are_near_to_all(metric):
    x, y = noisy_pair()
    x = x.index_fill(0, torch.tensor([4, 9]), 0.0)
    with pytest.raises(ValueError, match="`x` has 2 vectors of zeros, the first of them row 4"):
        metric(x, y)
    with pytest.raises(ValueError, match="`y` has 2 vectors of zeros"):
        metric(y, x, space=Space("cosine"))
    assert metric(x, y, space=EUCLIDEAN).isfinite()
