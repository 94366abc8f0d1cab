"""The height of what an object would stand on."""

import numpy as np
import pytest

from tests.envs.perturbations.starts import starts
from vlareg.envs.perturbations import Distractors
from vlareg.envs.perturbations.ground import ground_height


def test_heights_of_table_things_and_floor() -> None:
    """The hand over the table does not count; nor does the object that is told not to."""
    with starts(Distractors(1)) as start:
        start.begin(0)
        scene, hand = start.scene, start.env.simulator.env.robots[0].eef_site_id
        cube = scene.position("red_cube_1")[:2]
        assert ground_height(scene, np.array([-0.2, -0.2])) == pytest.approx(0.9)
        assert ground_height(scene, scene.data.site_xpos[hand][:2]) == pytest.approx(0.9)
        assert ground_height(scene, cube) == pytest.approx(0.95, abs=1e-3)
        assert ground_height(scene, cube, without="red_cube_1") == pytest.approx(0.9)
        assert ground_height(scene, scene.position("plate_1")[:2]) == pytest.approx(0.912, abs=1e-3)
        assert ground_height(scene, np.array([3.0, 3.0])) == pytest.approx(0.9)  # no table there: the nominal height
