import inspect

import numpy as np
import pytest
import torch

from tests.functional.spaces import BAD_PAIRS, noisy_pair, normal, time_series
from vlareg.functional import ACTIONS, neighbours, precision_at_k
from vlareg.functional.retrieval import _fit_map as fit_map

EPISODES = torch.arange(120) // 6


@pytest.mark.parametrize("k", [1, 5])
def test_is_the_share_of_partners_among_the_nearest_of_a_fold(k, monkeypatch):
    x, y = (side.double() for side in noisy_pair())
    found = []
    for part in range(5):
        held = part == EPISODES % 5
        moved = fit_map(x[~held], y[~held])(x[held])
        nearest = torch.cdist(moved, y[held]).topk(k, largest=False).indices
        found += (nearest == torch.arange(int(held.sum()))[:, None]).any(1).tolist()
    for elements in (4_000_000, 24 * 5, 1):
        monkeypatch.setattr(neighbours, "BLOCK_ELEMENTS", elements)
        assert float(precision_at_k(x, y, k, groups=EPISODES)) == pytest.approx(np.mean(found), abs=1e-6)


@pytest.mark.parametrize(("dim_x", "dim_y"), [(8, 8), (5, 12), (200, 8)])
def test_a_rotated_space_is_retrieved(dim_x, dim_y):
    x = normal(0, 120, 5)
    wide_x, wide_y = x @ torch.linalg.qr(normal(1, dim_x, 5))[0].T, x @ torch.linalg.qr(normal(2, dim_y, 5))[0].T
    assert float(precision_at_k(wide_x + 30, 0.01 * wide_y, 1, groups=EPISODES)) == 1


def test_independent_data_is_at_chance_though_in_sample_every_partner_would_be_found():
    x, y = normal(0, 1000, 256), normal(1, 1000, 256)
    moved = fit_map(x, y)(x)
    in_sample = (torch.cdist(moved, y).topk(15, largest=False).indices == torch.arange(1000)[:, None]).any(1)
    assert float(in_sample.float().mean()) > 0.99
    score = float(precision_at_k(x, y, 15, groups=torch.arange(1000)))
    assert score == pytest.approx(15 / 200, abs=3 * np.sqrt(0.075 * 0.925 / 1000))


def test_time_alone_retrieves_nothing():
    groups = torch.arange(1000) // 50
    scores = [float(precision_at_k(time_series(s), time_series(s + 50), 10, groups=groups)) for s in range(20)]
    assert np.mean(scores) == pytest.approx(10 / 200, abs=3 * np.std(scores) / np.sqrt(20))


def test_equally_near_vectors_count_against_the_partner():
    x = normal(0, 120, 4)
    frozen = x[torch.arange(120) // 12 * 12]  # twelve equal rows each
    assert float(precision_at_k(frozen, frozen, 11, groups=EPISODES // 2)) == 0
    assert float(precision_at_k(frozen, frozen, 12, groups=EPISODES // 2)) == 1


def test_each_side_has_its_space():
    x, y = noisy_pair()
    scaled = y * torch.tensor([100.0, 1, 1, 1, 1, 1])
    assert precision_at_k(x, scaled, groups=EPISODES, space=ACTIONS) == precision_at_k(
        x, y, groups=EPISODES, space=ACTIONS
    )


def test_a_map_that_is_not_finite_finds_nothing(monkeypatch):
    def not_finite(x, **kwargs):
        width = min(x.shape)
        return torch.full((len(x), width), torch.nan), torch.ones(width), torch.ones(width, x.shape[1])

    monkeypatch.setattr(torch.linalg, "svd", not_finite)
    with pytest.raises(RuntimeError, match="not finite"):
        precision_at_k(*noisy_pair(), groups=EPISODES)


def test_cannot_be_called_in_sample():
    assert inspect.signature(precision_at_k).parameters["groups"].default is inspect.Parameter.empty
    with pytest.raises(ValueError, match="`groups` must be given"):
        precision_at_k(*noisy_pair(), groups=None)


@pytest.mark.parametrize(("x", "y", "message"), BAD_PAIRS)
def test_bad_input_never_gets_a_score(x, y, message):
    with pytest.raises(ValueError, match=message):
        precision_at_k(x, y, 1, groups=torch.arange(len(x)))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"k": 24}, r"`k` must be in 1\.\.23"),
        ({"k": 0}, "`k` must be in"),
        ({"folds": 1}, "`folds` must be in"),
        ({"groups": torch.zeros(120).long()}, "`folds` must be in 2..1"),
    ],
)
def test_what_has_no_score_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        precision_at_k(*noisy_pair(), **{"groups": EPISODES, **options})
