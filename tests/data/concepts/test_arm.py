import numpy as np
import pytest

from vlareg.data.concepts.facts import OPENING_M
from vlareg.data.concepts.layout import lay_out
from vlareg.data.concepts.tabletop import Tabletop

pytestmark = pytest.mark.xdist_group("scenes")


def test_it_reaches_a_place_and_points_down(tabletop: Tabletop) -> None:
    arm = tabletop.arm
    target = np.array([-0.05, 0.1, tabletop.stage.table + 0.1])
    assert arm._reach(target, np.array([0.0, 0.0, 0.3])) < 1e-3
    assert arm.position == pytest.approx(target, abs=1e-3)
    assert tabletop.stage.data.site_xmat[arm.grip].reshape(3, 3)[2, 2] < -0.99


def test_what_it_holds_is_between_its_fingers(tabletop: Tabletop) -> None:
    arm, held = tabletop.arm, 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        items = lay_out(tabletop.stage, rng)
        slot = arm.pose(items, rng)
        assert arm.position[2] > tabletop.stage.table
        assert -1e-6 <= arm.opening <= OPENING_M + 1e-6
        if slot >= 0:
            held += 1
            assert (items[slot].position == arm.position).all()
            assert items[slot].on == -1
            assert 0.03 < arm.opening < 0.06
    assert held >= 1
