from dataclasses import replace

import numpy as np
import pytest

from tests.callbacks.test_alignment_record import make_record
from vlareg.callbacks.matrices import draw_matrices
from vlareg.callbacks.pictures import rendered


def _images(figure):
    return [panel.images[0] for panel in figure.axes if panel.images]


def test_two_steps_stand_side_by_side_in_one_scale_with_their_change():
    figure = draw_matrices(make_record(), make_record(100, gain=0.4))
    before, after, change = _images(figure)
    assert before.get_clim() == after.get_clim() == pytest.approx((0.0, 0.5 / 0.9))
    np.testing.assert_allclose(change.get_array()[0], [0.4 / 0.9, 0.0])
    assert [text.get_text() for text in figure.axes[2].texts][:2] == ["0.44", "0.00"]
    low, high = change.get_clim()
    assert low == -high == pytest.approx(-0.4 / 0.9)
    titles = [panel.get_title() for panel in figure.axes[:3]]
    assert titles == ["step 0", "step 100", "change"]


def test_a_score_that_could_not_be_computed_is_grey_and_has_a_question_mark():
    figure = draw_matrices(make_record(), make_record())
    (image,) = _images(figure)
    assert np.ma.masked_invalid(image.get_array()).mask[2, 1]
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts == ["0.11", "0.22", "0.17", "0.28", "0.22", "?"]
    assert rendered(figure).std() > 10


def test_large_matrices_have_no_numbers():
    record = make_record()
    many = {name: rows * 30 for name, rows in record.scores["mutual_knn"].items()}
    points = [f"llm.{i}.condition" for i in range(90)]
    record = replace(record, points=points, scores={"mutual_knn": many})
    assert not draw_matrices(record, record).axes[0].texts


def test_records_of_other_points_are_refused():
    with pytest.raises(ValueError, match="must have the same points, targets and metrics"):
        draw_matrices(make_record(), replace(make_record(), targets=["proprio", "actions.arm"]))
