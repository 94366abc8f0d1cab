"""Success by step, against counting."""

import numpy as np
import pytest

from vlareg.evaluation import EpisodeRecord, wilson_interval
from vlareg.evaluation.success_curve import success_curve


def record(init_index: int, success: bool | None, steps: int) -> EpisodeRecord:
    error = "boom" if success is None else None
    return EpisodeRecord("libero_mini", 0, init_index, 0, success, steps, "go", error=error)


def test_counts_the_successes_so_far_and_no_error() -> None:
    records = [record(0, True, 3), record(1, False, 6), record(2, True, 5), record(3, True, 3), record(4, None, 9)]
    curve = success_curve(records)
    assert curve.steps.tolist() == [0, 1, 2, 3, 4, 5, 6]
    assert curve.rate.tolist() == [0, 0, 0, 0.5, 0.5, 0.75, 0.75]
    assert (curve.low[3], curve.high[3]) == wilson_interval(2, 4)


def test_goes_on_to_the_limit() -> None:
    curve = success_curve([record(0, True, 2), record(1, False, 3)], limit=5)
    assert np.array_equal(curve.rate, [0, 0, 0.5, 0.5, 0.5, 0.5])
    with pytest.raises(ValueError, match="`limit` must be >= 3"):
        success_curve([record(1, False, 3)], limit=2)


def test_needs_an_outcome() -> None:
    with pytest.raises(ValueError, match="at least one episode with an outcome"):
        success_curve([record(0, None, 3)])
