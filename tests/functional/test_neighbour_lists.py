import pytest
import torch

from vlareg.functional.neighbour_lists import common_length, kept_share, returns, shared_share


def lists(seed, samples=40, k=6, names=12):
    generator = torch.Generator().manual_seed(seed)
    return torch.stack([torch.randperm(names, generator=generator)[:k] for _ in range(samples)])


def slow_common_length(a, b):
    if not a or not b:
        return 0
    if a[-1] == b[-1]:
        return 1 + slow_common_length(a[:-1], b[:-1])
    return max(slow_common_length(a[:-1], b), slow_common_length(a, b[:-1]))


def slow_edit_distance(a, b):
    if not a or not b:
        return len(a) + len(b)
    return min(
        slow_edit_distance(a[:-1], b) + 1,
        slow_edit_distance(a, b[:-1]) + 1,
        slow_edit_distance(a[:-1], b[:-1]) + (a[-1] != b[-1]),
    )


SLOW = {
    shared_share: lambda a, b: len(set(a) & set(b)) / min(len(a), len(b)),
    common_length: slow_common_length,
    kept_share: lambda a, b: 1 - slow_edit_distance(a, b) / max(len(a), len(b)),
}


@pytest.mark.parametrize("agreement", SLOW)
@pytest.mark.parametrize(("k_a", "k_b"), [(1, 1), (4, 4), (5, 3), (3, 5)])
def test_equals_the_definition_for_every_sample(agreement, k_a, k_b):
    a, b = lists(0, k=k_a), lists(1, k=k_b)
    expected = [SLOW[agreement](*pair) for pair in zip(a.tolist(), b.tolist(), strict=True)]
    torch.testing.assert_close(agreement(a, b), torch.tensor(expected).float())


@pytest.mark.parametrize(("k_a", "k_b"), [(1, 1), (4, 4), (5, 3), (3, 5)])
def test_a_cycle_is_found_where_there_is_one(k_a, k_b):
    a, b = lists(0, k=k_a, names=40), lists(1, k=k_b, names=40)
    expected = [any(i in a[j] for j in b[i]) for i in range(40)]
    assert returns(a, b).tolist() == expected


@pytest.mark.parametrize("agreement", [*SLOW, returns])
def test_many_layers_at_once_are_as_each_alone(agreement):
    a, layers = lists(0, names=40), torch.stack([lists(seed, names=40) for seed in (1, 2, 3)])
    each = torch.stack([agreement(a, b) for b in layers])
    assert torch.equal(agreement(a, layers), each)
    assert torch.equal(agreement(a[None], layers), each)
