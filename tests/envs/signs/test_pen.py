import math

import numpy as np
import pytest

from vlareg.envs.signs.palette import BLACK, RED, WHITE
from vlareg.envs.signs.pen import CANVAS, Pen, around


def inked(pen: Pen) -> np.ndarray:
    return np.asarray(pen.image)[..., 3] > 0


@pytest.fixture
def pen() -> Pen:
    return Pen(BLACK, WHITE)


def test_a_disc_and_a_ring_have_their_areas(pen: Pen) -> None:
    pen.disc(0, 0, 0.5)
    assert inked(pen).mean() == pytest.approx(math.pi * 0.5**2 / 4, rel=0.03)
    ring = Pen(BLACK, WHITE)
    ring.ring(0, 0, 0.5, 0.1)
    assert inked(ring).mean() == pytest.approx(math.pi * (0.5**2 - 0.4**2) / 4, rel=0.1)


def test_x_runs_to_the_right_and_y_down(pen: Pen) -> None:
    pen.bar((0.5, -1.0), (1.0, -0.5), fill=RED)
    rows, columns = np.nonzero(inked(pen))
    assert (rows.max(), columns.min()) == pytest.approx((CANVAS / 4, CANVAS * 3 / 4), abs=1)
    assert tuple(np.asarray(pen.image)[10, CANVAS - 10, :3]) == RED


def test_corners_run_clockwise_from_the_top() -> None:
    assert np.array(around(4, 1.0)) == pytest.approx(np.array([(0, -1), (1, 0), (0, 1), (-1, 0)]))
    assert [math.hypot(*point) for point in around(10, 0.9, inner=0.4)] == pytest.approx([0.9, 0.4] * 5)
