import pytest
import torch

from vlareg.functional import chance_null, mutual_knn, nearest_neighbours
from vlareg.functional.chance_null import mutual_knn_null, permutation_null, permuted_neighbours
from vlareg.functional.permutations import episode_permutations

EPISODES = torch.arange(60) // 5


def layers(seed, count):
    return list(torch.randn(count, 60, 6, generator=torch.Generator().manual_seed(seed)))


def lists(vectors, k):
    return torch.stack([nearest_neighbours(x, k, groups=EPISODES).indices for x in vectors])


@pytest.mark.parametrize("elements", [1, 700, 300_000])
def test_renaming_neighbours_equals_searching_again(elements, monkeypatch):
    monkeypatch.setattr(chance_null, "BLOCK_ELEMENTS", elements)
    x, y, permutations = layers(0, 2), layers(1, 3), episode_permutations(EPISODES, count=4)
    null = mutual_knn_null(lists(x, 6), lists(y, 9), permutations)
    assert null.shape == (4, 2, 3)
    for p, permutation in enumerate(permutations):
        for i, of_x in enumerate(x):
            for j, of_y in enumerate(y):
                expected = mutual_knn(of_x, of_y[permutation], (6, 9), groups=EPISODES)
                assert float(null[p, i, j]) == pytest.approx(float(expected), abs=1e-6)


def test_permuted_neighbours_are_those_of_permuted_samples():
    x, permutation = layers(0, 1)[0], episode_permutations(EPISODES, count=1, seed=2)[0]
    expected = nearest_neighbours(x[permutation], 5, groups=EPISODES).indices
    assert torch.equal(permuted_neighbours(lists([x], 5), permutation)[0], expected)


def test_permuted_episodes_exclude_the_same_samples():
    near = lists(layers(0, 1), 5)[0]
    for permutation in episode_permutations(EPISODES, count=10):
        renamed = permuted_neighbours(near, permutation)
        assert not (EPISODES[renamed] == EPISODES[:, None]).any()


def test_all_pairs_see_the_same_permutation():
    x, y = layers(0, 1), layers(1, 1)
    null = mutual_knn_null(lists(x * 3, 5), lists(y * 2, 5), episode_permutations(EPISODES, count=20))
    assert null.std(dim=0).min() > 0
    assert torch.equal(null, null[:, :1, :1].expand_as(null))


def test_any_metric_has_a_null():
    x = torch.arange(4.0)
    permutations = episode_permutations(torch.arange(4), count=6)
    null = permutation_null(lambda i, j: torch.stack([x[i] @ x[j], x[i][0] * x[j][0]]), permutations)
    assert null[:, 0].tolist() == [float(x @ x[p]) for p in permutations]
    assert null.shape == (6, 2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"permutations": torch.zeros(2, 60, dtype=torch.long)}, "every sample once"),
        ({"permutations": torch.arange(59)[None]}, "60, 60 and 59"),
        ({"indices_y": torch.zeros(1, 50, 3, dtype=torch.long)}, "60, 50 and 60"),
    ],
)
def test_what_does_not_fit_is_refused(change, message):
    near = lists(layers(0, 1), 3)
    arguments = {"indices_x": near, "indices_y": near, "permutations": torch.arange(60)[None]}
    with pytest.raises(ValueError, match=message):
        mutual_knn_null(**{**arguments, **change})


def test_what_is_no_permutation_renames_nothing():
    with pytest.raises(ValueError, match="every sample once"):
        permuted_neighbours(lists(layers(0, 1), 3), torch.zeros(60, dtype=torch.long))
