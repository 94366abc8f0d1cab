import numpy as np
import pytest

from vlareg.data.concepts.layout import Item
from vlareg.data.concepts.tabletop import Tabletop

pytestmark = pytest.mark.xdist_group("scenes")


def test_what_is_on_the_axis_is_in_the_middle(tabletop: Tabletop) -> None:
    tabletop.stage.update()
    camera, data = tabletop.cameras.numbers[0], tabletop.stage.data
    right, up, back = data.cam_xmat[camera].reshape(3, 3).T
    middle = data.cam_xpos[camera] - back
    points = np.stack([middle, middle + 0.1 * right, middle + 0.1 * up])
    half = np.tan(np.radians(tabletop.stage.model.cam_fovy[camera]) / 2)
    shift = 0.05 / half
    expected = np.array([[0.5, 0.5], [0.5 - shift, 0.5], [0.5, 0.5 - shift]])
    assert tabletop.cameras.project(points) == pytest.approx(expected)


def test_what_is_below_the_table_is_hidden(tabletop: Tabletop) -> None:
    stage = tabletop.stage
    tabletop.arm.move(np.array(stage.start))
    seen = []
    for height in (0.02, -0.2):
        cube = Item(0, "red", np.array([0.1, 0.2, stage.table + height]))
        tabletop.show([cube], np.random.default_rng(0))
        stage.update()
        seen.append(tabletop.cameras.see(cube))
    assert seen == [True, False]
