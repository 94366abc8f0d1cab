import numpy as np
import pytest

from vlareg.policies.openvla.normalization import action_statistics, normalize_actions, unnormalize_actions

STATS = {"q01": [-0.5, 0.0, 0.0], "q99": [0.5, 2.0, 1.0], "mask": [True, True, False]}


def test_quantiles_map_to_minus_one_and_one() -> None:
    actions = [[-0.5, 2.0, 1.0], [0.0, 0.5, 0.0], [9.0, -9.0, 0.3]]
    np.testing.assert_allclose(normalize_actions(actions, STATS), [[-1, 1, 1], [0, -0.5, 0], [1, -1, 0.3]], atol=1e-7)


def test_normalization_is_undone() -> None:
    actions = np.random.default_rng(0).uniform([-0.5, 0, 0], [0.5, 2, 1], (50, 3))
    np.testing.assert_allclose(unnormalize_actions(normalize_actions(actions, STATS), STATS), actions, atol=1e-7)


def test_a_constant_dimension_stays_finite() -> None:
    stats = {"q01": [0.2], "q99": [0.2]}
    assert unnormalize_actions(normalize_actions([[0.2]], stats), stats).item() == pytest.approx(0.2)


def test_the_only_data_set_needs_no_name() -> None:
    assert action_statistics({"a": {"action": STATS}}, None) is STATS


@pytest.mark.parametrize(
    ("stats", "key", "message"),
    [
        ({"a": {"action": STATS}, "b": {"action": STATS}}, None, r"must be one of \['a', 'b'\], but got None"),
        ({"a": {"action": STATS}}, "c", r"must be one of \['a'\], but got 'c'"),
        (None, "a", "`config.norm_stats` is empty"),
    ],
)
def test_an_unknown_name_lists_the_known(stats: dict[str, object] | None, key: str | None, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        action_statistics(stats, key)
