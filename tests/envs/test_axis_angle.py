"""The rotation vector against SciPy's, and LIBERO's own convention at its edges."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from vlareg.envs.axis_angle import axis_angle


@pytest.mark.parametrize("seed", range(5))
def test_it_is_a_rotation_vector(seed: int) -> None:
    """It turns as the quaternion turns."""
    quaternion = Rotation.random(random_state=seed).as_quat()
    matrix = Rotation.from_rotvec(axis_angle(quaternion)).as_matrix()
    np.testing.assert_allclose(matrix, Rotation.from_quat(quaternion).as_matrix(), atol=1e-12)


def test_it_equals_robosuite_s() -> None:
    """LIBERO's data were written with robosuite's function, which does not take the antipode."""
    from vlareg.envs.libero_setup import import_libero

    import_libero()
    from robosuite.utils.transform_utils import quat2axisangle

    for quaternion in (
        np.array([0.6, 0.0, 0.0, -0.8]),
        np.array([0.999, 0.0447, 0.0, -1e-4]),
        np.array([0.0, 0.0, 0.0, 1.0]),
    ):
        unit = quaternion / np.linalg.norm(quaternion)
        np.testing.assert_allclose(axis_angle(unit), quat2axisangle(unit.copy()), atol=1e-12)
    assert np.linalg.norm(axis_angle(np.array([0.6, 0.0, 0.0, -0.8]))) > np.pi
