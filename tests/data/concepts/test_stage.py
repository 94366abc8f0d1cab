import numpy as np
import pytest

from vlareg.data.concepts.stage import POOL
from vlareg.data.concepts.tabletop import Tabletop

pytestmark = pytest.mark.xdist_group("scenes")


def test_every_object_of_the_pool_has_its_parts_and_sizes(tabletop: Tabletop) -> None:
    stage = tabletop.stage
    for sizes in (stage.bodies, stage.geoms, stage.bottoms, stage.tops, stage.radii):
        assert len(sizes) == len(POOL)
    assert all(len(geoms) for geoms in stage.geoms)
    assert len(np.unique(np.concatenate(stage.geoms))) == sum(map(len, stage.geoms))
    assert all(0.01 < radius < 0.15 for radius in stage.radii)
    assert stage.table == pytest.approx(0.9, abs=0.02)


def test_regions_are_flat_and_boxes_are_not(tabletop: Tabletop) -> None:
    height = {kind: tabletop.stage.tops[i] + tabletop.stage.bottoms[i] for i, kind in enumerate(POOL)}
    assert height["region"] == 0
    assert height["box"] > 0.02
