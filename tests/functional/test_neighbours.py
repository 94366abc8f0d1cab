import numpy as np
import pytest
import torch

from vlareg.functional import neighbours
from vlareg.functional.neighbours import nearest_neighbours


def brute_force(x, k, distance="inner", groups=None, include_self=False):
    x = x.double().numpy()
    similarity = x @ x.T if distance == "inner" else -((x[:, None] - x[None]) ** 2).sum(-1)
    if groups is not None:
        similarity[groups.numpy()[:, None] == groups.numpy()[None]] = -np.inf
    elif not include_self:
        np.fill_diagonal(similarity, -np.inf)
    indices = np.argsort(-similarity, axis=1)[:, :k]
    return indices, np.take_along_axis(similarity, indices, axis=1)


@pytest.fixture
def x():
    return torch.randn(150, 7, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("distance", ["inner", "euclidean"])
@pytest.mark.parametrize("grouped", [False, True])
def test_equals_brute_force_in_any_blocks(x, distance, grouped, monkeypatch):
    groups = torch.arange(150) % 9 if grouped else None
    indices, similarity = brute_force(x, 6, distance, groups)
    for elements in (4_000_000, 150 * 7, 1):
        monkeypatch.setattr(neighbours, "BLOCK_ELEMENTS", elements)
        near = nearest_neighbours(x, 6, distance=distance, groups=groups)
        assert near.indices.tolist() == indices.tolist()
        np.testing.assert_allclose(near.similarity, similarity, rtol=1e-4, atol=1e-4)


def test_no_block_is_larger_than_the_limit(x, monkeypatch):
    rows = []
    block = neighbours._block
    monkeypatch.setattr(neighbours, "_block", lambda keys, part, *rest: rows.append(part) or block(keys, part, *rest))
    monkeypatch.setattr(neighbours, "BLOCK_ELEMENTS", 150 * 40)
    nearest_neighbours(x, 3)
    assert [part.stop - part.start for part in rows] == [40] * 4


def test_a_sample_is_its_own_neighbour_only_when_asked(x):
    near = nearest_neighbours(x, 1, distance="euclidean", include_self=True)
    assert near.indices.flatten().tolist() == list(range(150))


def test_neighbours_come_from_other_groups(x):
    groups = torch.arange(150) // 30
    near = nearest_neighbours(x, 10, groups=groups)
    assert not (groups[near.indices] == groups[:, None]).any()


def test_euclidean_is_exact_far_from_the_origin(x):
    far = (x + 1000).double()
    near = nearest_neighbours(far.float(), 5, distance="euclidean")
    expected, _ = brute_force(far.float(), 5, "euclidean")
    assert (near.indices.numpy() == expected).mean() > 0.999


@pytest.fixture
def coarse():
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    yield
    torch.set_float32_matmul_precision(before)


def test_neither_autocast_nor_coarse_products_change_anything(coarse):
    x = torch.randn(200, 64, generator=torch.Generator().manual_seed(1)) + 10  # mean cosine .99
    expected, _ = brute_force(x, 10)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        near = nearest_neighbours(x, 10)
    assert (near.indices.numpy() == expected).mean() > 0.99
    assert near.similarity.dtype == torch.float32


def test_half_precision_input_is_searched_in_float32(x):
    near = nearest_neighbours(x.bfloat16(), 5)
    assert near.indices.tolist() == brute_force(x.bfloat16(), 5)[0].tolist()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x: {"k": 149}, r"`k` must be in 1\.\.148"),
        (lambda x: {"k": 0}, "`k` must be"),
        (lambda x: {"distance": "cosine"}, "`distance`"),
        (lambda x: {"x": x.clone().index_put((torch.tensor([3]),), torch.tensor(torch.nan))}, "row 3"),
        (lambda x: {"x": torch.ones_like(x)}, "constant"),
        (lambda x: {"x": x.long()}, "float"),
        (lambda x: {"groups": torch.zeros(4).long()}, "`groups`"),
        (lambda x: {"groups": torch.arange(150) // 75, "k": 75}, "other episodes"),
        (lambda x: {"groups": torch.arange(150), "include_self": True}, "`include_self`"),
    ],
)
def test_what_has_no_neighbours_is_refused(x, change, message):
    with pytest.raises(ValueError, match=message):
        nearest_neighbours(**{"x": x, "k": 5, **change(x)})
