from itertools import combinations

import numpy as np
import pytest

from vlareg.data.concepts.facts import SLOTS
from vlareg.data.concepts.layout import TARGETS, lay_out
from vlareg.data.concepts.tabletop import Tabletop

pytestmark = pytest.mark.xdist_group("scenes")


def test_objects_lie_apart_or_on_a_target(tabletop: Tabletop) -> None:
    stage, resting = tabletop.stage, 0
    for seed in range(50):
        items = lay_out(stage, np.random.default_rng(seed))
        assert 1 <= len(items) <= SLOTS
        assert len({(item.kind, item.color) for item in items}) == len(items)
        for first, second in combinations([item for item in items if item.on < 0], 2):
            gap = np.hypot(*(first.position - second.position)[:2])
            assert gap > stage.radii[first.pool] + stage.radii[second.pool]
        for item in items:
            if item.on >= 0:
                resting += 1
                assert item.kind not in TARGETS
                assert np.hypot(*(item.position - items[item.on].position)[:2]) < 0.04
    assert resting >= 10
