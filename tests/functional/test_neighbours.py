import numpy as np
import pytest
import torch

from tests.functional.spaces import normal
from vlareg.functional import neighbours
from vlareg.functional.neighbours import nearest_neighbours
from vlareg.functional.space import Space

EUCLIDEAN = Space("euclidean")


def brute_force(x, k, space=Space(), groups=None, include_self=False):  # noqa: B008
    x = x.double().numpy()
    if space.distance == "cosine":
        x = x / np.linalg.norm(x, axis=1, keepdims=True)
    similarity = x @ (x - x.mean(0)).T
    if space.distance != "inner":
        similarity = -((x[:, None] - x[None]) ** 2).sum(-1)
    order = similarity.copy()
    if groups is not None:
        order[groups.numpy()[:, None] == groups.numpy()[None]] = -np.inf
    elif not include_self:
        np.fill_diagonal(order, -np.inf)
    indices = np.argsort(-order, axis=1)[:, :k]
    return indices, np.take_along_axis(similarity, indices, axis=1)


@pytest.fixture
def x():
    return normal(0, 150, 7)


@pytest.mark.parametrize("space", [Space(), Space("cosine"), EUCLIDEAN], ids=lambda space: space.distance)
@pytest.mark.parametrize("grouped", [False, True])
def test_equals_brute_force_in_any_blocks(x, space, grouped, monkeypatch):
    groups = torch.arange(150) % 9 if grouped else None
    indices, similarity = brute_force(x, 6, space, groups)
    for elements in (4_000_000, 150 * 7, 1):
        monkeypatch.setattr(neighbours, "BLOCK_ELEMENTS", elements)
        near = nearest_neighbours(x, 6, space=space, groups=groups)
        assert near.indices.tolist() == indices.tolist()
        np.testing.assert_allclose(near.similarity, similarity, rtol=1e-4, atol=1e-4)


def test_no_block_is_larger_than_the_limit(x, monkeypatch):
    rows = []
    block = neighbours._Search.block
    monkeypatch.setattr(
        neighbours._Search, "block", lambda self, part, room: rows.append(part) or block(self, part, room)
    )
    monkeypatch.setattr(neighbours, "BLOCK_ELEMENTS", 150 * 40)
    nearest_neighbours(x, 3)
    assert [part.stop - part.start for part in rows] == [40, 40, 40, 30]


def test_a_sample_is_its_own_neighbour_only_when_asked(x):
    near = nearest_neighbours(x, 1, space=EUCLIDEAN, include_self=True)
    assert near.indices.flatten().tolist() == list(range(150))
    assert not (nearest_neighbours(x, 148).indices == torch.arange(150)[:, None]).any()


def test_neighbours_come_from_other_groups(x):
    groups = torch.arange(150) // 30
    near = nearest_neighbours(x, 10, groups=groups)
    assert not (groups[near.indices] == groups[:, None]).any()


@pytest.mark.parametrize("distance", ["inner", "cosine", "euclidean"])
@pytest.mark.parametrize("offset", [10, 100, 300])  # mean cosine .99, .9999, .99999
def test_keeps_the_digits_where_all_vectors_point_the_same_way(distance, offset):
    x = normal(0, 400, 64) + offset
    expected, _ = brute_force(x, 10, Space(distance))
    near = nearest_neighbours(x, 10, space=Space(distance))
    assert (near.indices.numpy() == expected).mean() > 0.995
    if distance == "cosine" and offset == 100:
        unit = torch.nn.functional.normalize(x)
        careless = (unit @ unit.T).fill_diagonal_(-torch.inf).topk(10).indices
        assert (careless.numpy() == expected).mean() < 0.9


@pytest.fixture
def coarse():
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    yield
    torch.set_float32_matmul_precision(before)


def test_neither_autocast_nor_coarse_products_change_anything(coarse):
    x = normal(1, 200, 64) + 10  # mean cosine .99
    expected, _ = brute_force(x, 10)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        near = nearest_neighbours(x, 10)
        careless = (x @ x.T).float().fill_diagonal_(-torch.inf).topk(10).indices
    assert (near.indices.numpy() == expected).mean() > 0.99
    assert near.similarity.dtype == torch.float32
    assert (careless.numpy() == expected).mean() < 0.2


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_input_is_searched_in_float32(x, dtype):
    near = nearest_neighbours(x.to(dtype), 5)
    assert near.indices.tolist() == brute_force(x.to(dtype), 5)[0].tolist()


def test_equally_near_samples_are_drawn_by_lot_alike_in_every_run_but_not_on_both_sides():
    x = normal(0, 400, 1).sign()
    near = nearest_neighbours(x, 5, space=EUCLIDEAN)
    again, other = (nearest_neighbours(x, 5, space=EUCLIDEAN, side=side) for side in ("x", "y"))
    assert torch.equal(near.indices, again.indices)
    assert (near.indices == other.indices).float().mean() < 0.1
    assert (x[near.indices] == x[:, None]).all()
    # Nobody is everybody's neighbour: 400 samples have 2,000 neighbours, of 200 each.
    assert torch.bincount(near.indices.flatten()).max() < 25


def test_changes_neither_its_input_nor_the_random_state(x):
    before, state = x.clone(), torch.get_rng_state()
    nearest_neighbours(x.sign(), 5, space=Space("euclidean", "standardise"))
    assert torch.equal(x, before)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x: {"k": 149}, r"`k` must be in 1\.\.148"),
        (lambda x: {"k": 0}, "`k` must be"),
        (lambda x: {"x": x.index_fill(0, torch.tensor(3), torch.nan)}, "row 3"),
        (lambda x: {"x": torch.ones_like(x)}, "constant"),
        (lambda x: {"x": x.long()}, "float"),
        (lambda x: {"x": x[:0]}, "float tensor"),
        (lambda x: {"x": x.index_fill(0, torch.tensor(3), 0.0)}, "vectors of zeros, the first of them row 3"),
        (lambda x: {"groups": torch.zeros(4).long()}, "`groups` must be one integer per sample"),
        (lambda x: {"groups": torch.zeros(150)}, "`groups` must be one integer per sample"),
        (lambda x: {"groups": torch.arange(150) // 75, "k": 75}, "other episodes"),
        (lambda x: {"groups": torch.arange(150), "include_self": True}, "`include_self`"),
    ],
)
def test_what_has_no_neighbours_is_refused(x, change, message):
    with pytest.raises(ValueError, match=message):
        nearest_neighbours(**{"x": x, "k": 5, **change(x)})
