import pytest
import torch

from tests.functional.spaces import PUBLISHED, normal, published
from vlareg.functional import clamp_outliers

DEPTH = torch.tensor([1.0, 2.0, 10.0])[:, None]  # norms grow with depth


def lost(x, clamped):
    return (x != clamped).flatten(2).float().mean(dim=(0, 2)) if x.ndim == 3 else (x != clamped).float().mean()


def test_meets_the_published_implementation():
    x = published("raw")[0]
    expected = PUBLISHED["clamp_q0.95/threshold"]
    assert float(clamp_outliers(x, 0.95).abs().max()) == pytest.approx(expected, abs=1e-6)
    layers = torch.stack([x, x], dim=1)
    clamped = clamp_outliers(layers, 0.95, "over_all_layers")
    assert float(clamped.abs().max()) == pytest.approx(expected, abs=1e-2)


def test_each_layer_loses_as_much_unless_one_threshold_is_for_all():
    x = normal(0, 200, 3, 50) * DEPTH
    torch.testing.assert_close(lost(x, clamp_outliers(x)), torch.full((3,), 0.05), atol=1e-3, rtol=0)
    shared = lost(x, clamp_outliers(x, 0.95, "over_all_layers"))
    assert shared[0] == 0
    assert shared[2] > 0.14


def test_a_layer_alone_is_clamped_like_one_of_many():
    x = normal(0, 200, 3, 50) * DEPTH
    assert torch.equal(clamp_outliers(x)[:, 1], clamp_outliers(x[:, 1]))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_keeps_the_type_and_what_is_small(dtype):
    x = normal(0, 50, 20).to(dtype)
    clamped = clamp_outliers(x, 0.9)
    assert clamped.dtype == dtype
    assert torch.equal(clamped[x.abs() < 1], x[x.abs() < 1])
    assert torch.equal(clamp_outliers(x, 1.0), x)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"q": 0.0}, "`q` must be in"),
        ({"q": 1.5}, "`q` must be in"),
        ({"threshold": "per_sample"}, "`threshold`"),
        ({"x": torch.full((4, 3), torch.nan)}, "NaN"),
    ],
)
def test_what_has_no_threshold_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        clamp_outliers(**{"x": normal(0, 4, 3), **options})
