import numpy as np

from vlareg.data.concepts.locations import location, offset


def test_location_tokens_clip_and_offsets_are_finest_near_zero() -> None:
    assert location(-0.1, 1.0) == "<loc00><loc31>"
    assert offset([-5.0, 5.0, -1e-6]) == "<loc00><loc31><loc15>"
    bins = [int(offset([d])[4:6]) for d in np.linspace(-0.4, 0.4, 801)]
    assert sorted(set(bins)) == list(range(32))
    assert bins == sorted(bins)
    assert bins.count(16) < bins.count(24) < bins.count(30)
