import pickle

import pytest
import torch

from tests.functional.spaces import normal
from vlareg.functional import ACTIONS, FEATURES, RAW, Space
from vlareg.functional.space import per_side


def test_raw_vectors_stay_and_half_precision_becomes_float32():
    x = normal(0, 10, 3)
    assert torch.equal(RAW.place(x), x)
    assert RAW.place(x.half()).dtype == torch.float32
    assert RAW.place(x.double()).dtype == torch.float64


def test_features_are_directions_from_the_mean():
    placed = FEATURES.place(normal(0, 100, 8) + 30)
    torch.testing.assert_close(placed.norm(dim=1), torch.ones(100))
    assert float((placed @ placed.T).mean()) == pytest.approx(0, abs=0.05)


def test_actions_are_in_standard_deviations():
    units = torch.tensor([1e-4, 1.0, 1e3])
    placed = ACTIONS.place(units * normal(0, 100, 3) + 7 * units)
    torch.testing.assert_close(placed.mean(dim=0), torch.zeros(3), atol=1e-4, rtol=0)
    torch.testing.assert_close(placed.std(dim=0), torch.ones(3), atol=1e-4, rtol=0)


@pytest.mark.parametrize("constant", [0.0, 100.0])
def test_a_column_that_varies_by_rounding_only_stays_flat(constant):
    x = normal(0, 100, 3)
    x[:, 1] = constant + constant * 1e-7 * normal(1, 100)
    assert float(ACTIONS.place(x)[:, 1].abs().max()) == 0


def test_a_vector_at_the_mean_has_no_direction():
    x = torch.tensor([[1.0, 0.0], [-1.0, 0.0], [0.0, 0.0]])
    with pytest.raises(ValueError, match="`y` has 1 vectors of zeros, the first of them row 2"):
        FEATURES.place(x, "y")
    assert torch.equal(Space("euclidean", "centre").place(x), x)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"distance": "l2"}, "`distance` must be one of"), ({"normalize": "standardize"}, "`normalize` must be one of")],
)
def test_unknown_names_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        Space(**options)


def test_is_a_value():
    assert pickle.loads(pickle.dumps(FEATURES)) == FEATURES
    assert len({FEATURES, Space("cosine", "centre"), ACTIONS}) == 2


def test_a_setting_per_side_has_two_values():
    with pytest.raises(ValueError, match="has 2 values, but got 3"):
        per_side((1, 2, 3))
