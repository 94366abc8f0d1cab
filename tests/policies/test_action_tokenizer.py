import numpy as np
import pytest

from vlareg.policies.openvla import ActionTokenizer, OpenVLAConfig


def test_known_ids_of_openvla() -> None:
    tokenizer = ActionTokenizer.from_config(OpenVLAConfig())
    assert tokenizer.encode([-1.0, 0.0, 1.0]).tolist() == [31999, 31872, 31744]
    np.testing.assert_allclose(
        tokenizer.decode([31999, 31872, 31744, 31745]), [-0.99608, 0, 0.99608, 0.99608], atol=1e-5
    )
    assert tokenizer.decode([31872])[0] == pytest.approx(0.0, abs=1e-12)


def test_every_action_comes_back_within_half_a_bin() -> None:
    tokenizer = ActionTokenizer(32000)
    actions = np.linspace(-1, 1, 100_001)
    ids = tokenizer.encode(actions)
    assert (np.diff(ids) <= 0).all()
    assert set(ids.tolist()) == set(tokenizer.ids)
    assert np.abs(tokenizer.decode(ids) - actions).max() == pytest.approx(1 / 255, rel=1e-3)


def test_bin_centres_are_fixed_points() -> None:
    tokenizer = ActionTokenizer(682)
    ids = np.arange(682 - 255, 682)
    np.testing.assert_array_equal(tokenizer.encode(tokenizer.decode(ids)), ids)


def test_actions_beyond_the_range_are_clipped() -> None:
    tokenizer = ActionTokenizer(32000)
    assert tokenizer.encode([-3.0, 3.0]).tolist() == [31999, 31744]


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_actions_that_are_not_finite_are_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="`actions` must be finite"):
        ActionTokenizer(32000).encode([0.0, bad])


@pytest.mark.parametrize("bad", [31743, 32000, 2])
def test_ids_of_other_tokens_are_refused(bad: int) -> None:
    with pytest.raises(ValueError, match=r"31744\.\.31999"):
        ActionTokenizer(32000).decode([31800, bad])
