from itertools import permutations

import pytest
import torch

from vlareg.functional import Space, cycle_knn, mutual_knn, nearest_neighbours
from vlareg.functional.chance_moments import cycle_knn_chance, cycle_knn_mean, mutual_knn_chance, mutual_knn_moments
from vlareg.functional.chance_null import mutual_knn_null, permutation_null, permuted_neighbours
from vlareg.functional.neighbour_lists import returns, shared_share
from vlareg.functional.permutations import episode_permutations

ALL_OF_SEVEN = torch.tensor(list(permutations(range(7))))


def near(seed, samples, dim, k, space="euclidean"):
    x = torch.randn(samples, dim, generator=torch.Generator().manual_seed(seed))
    return nearest_neighbours(x, k, space=Space(space)).indices


def random_lists(generator, groups, k):
    """Neighbours drawn at random from other groups."""
    lots = torch.rand(len(groups), len(groups), generator=generator)
    return lots.masked_fill_(groups[:, None] == groups, -1).topk(k).indices


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("k_x", "k_y"), [(2, 2), (1, 3), (4, 2)])
def test_moments_equal_those_of_all_permutations(seed, k_x, k_y):
    x, y = near(seed, 7, 2, k_x), near(10 + seed, 7, 3, k_y)
    null = mutual_knn_null(x[None], y[None], ALL_OF_SEVEN).flatten()
    mean, variance = mutual_knn_moments(x, y)
    assert mean == pytest.approx(float(null.mean()), abs=1e-12)
    assert variance == pytest.approx(float(null.var(unbiased=False)), abs=1e-12)
    assert mean == pytest.approx(mutual_knn_chance((k_x, k_y), torch.arange(7)))


@pytest.mark.parametrize("dim", [3, 200])
def test_moments_equal_those_of_many_permutations(dim):
    x, y = near(0, 400, dim, 10), near(1, 400, dim, 10)
    null = mutual_knn_null(x[None], y[None], episode_permutations(torch.arange(400), count=4000))
    mean, variance = mutual_knn_moments(x, y)
    assert mean == pytest.approx(10 / 399)
    assert float(null.mean()) == pytest.approx(mean, abs=4 * (variance / 4000) ** 0.5)
    assert float(null.var()) == pytest.approx(variance, rel=0.1)


@pytest.mark.parametrize(("dim", "space", "ratio"), [(1024, "euclidean", 2.5), (4, "inner", 5.6)])
def test_hubs_make_the_variance_larger_than_that_of_independent_draws(dim, space, ratio):
    mean, variance = mutual_knn_moments(near(0, 1000, dim, 10, space), near(1, 1000, dim, 10, space))
    binomial = mean * (1 - mean) / (1000 * 10)
    assert variance / binomial == pytest.approx(ratio, rel=0.2)


@pytest.mark.parametrize("seed", range(3))
def test_the_mean_of_cycle_knn_equals_that_of_all_permutations(seed):
    x, y = near(seed, 7, 2, 3), near(10 + seed, 7, 3, 2)
    null = permutation_null(lambda _, order: returns(x, permuted_neighbours(y, order)).mean(), ALL_OF_SEVEN)
    assert cycle_knn_mean(x, 2) == pytest.approx(float(null.mean()), abs=1e-6)


@pytest.mark.parametrize("lengths", [[1] * 40, [5] * 8, [3, 5, 7, 9, 11, 5]], ids=["frames", "equal", "unequal"])
def test_chance_is_the_mean_of_random_lists(lengths):
    groups = torch.arange(len(lengths)).repeat_interleave(torch.tensor(lengths))
    generator, shared, cycled = torch.Generator().manual_seed(0), [], []
    for _ in range(600):
        x, y = random_lists(generator, groups, 6), random_lists(generator, groups, 4)
        shared.append(shared_share(x, y).mean())
        cycled.append(returns(x, y).mean())
    for scores, chance in ((shared, mutual_knn_chance), (cycled, cycle_knn_chance)):
        scores = torch.stack(scores)
        assert chance((6, 4), groups) == pytest.approx(float(scores.mean()), abs=4 * float(scores.std()) / 600**0.5)


def test_independent_data_scores_chance():
    x, y = torch.randn(2, 1024, 8, generator=torch.Generator().manual_seed(0))
    each, euclidean = torch.arange(1024), Space("euclidean")
    assert float(mutual_knn(x, y, space=euclidean)) == pytest.approx(mutual_knn_chance(10, each), abs=0.004)
    lists = nearest_neighbours(x, 10, space=euclidean).indices
    assert float(cycle_knn(x, y, space=euclidean)) == pytest.approx(cycle_knn_mean(lists, 10), abs=0.03)
    assert cycle_knn_mean(lists, 10) < cycle_knn_chance(10, each) == pytest.approx(0.094, abs=5e-4)


@pytest.mark.parametrize("k", [0, 39, 50])
def test_a_k_that_leaves_nothing_to_choose_has_no_chance(k):
    for chance in (mutual_knn_chance, cycle_knn_chance):
        with pytest.raises(ValueError, match=r"`k` must be in 1\.\.38"):
            chance(k, torch.arange(40))


@pytest.mark.parametrize(("first", "second"), [(7, 8), (3, 3)])
def test_moments_need_the_same_four_samples(first, second):
    with pytest.raises(ValueError, match="same 4 or more samples"):
        mutual_knn_moments(near(0, first, 2, 1), near(1, second, 2, 1))
