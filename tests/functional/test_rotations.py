import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from vlareg.functional import axis_angle_to_6d, axis_angle_to_matrix


@pytest.mark.parametrize("scale", [0.0, 1e-8, 1e-3, 1.0, 3.0, 10.0])
def test_equals_scipy(scale):
    rotation = np.random.default_rng(0).standard_normal((50, 3)) * scale
    expected = Rotation.from_rotvec(rotation).as_matrix()
    np.testing.assert_allclose(axis_angle_to_matrix(torch.from_numpy(rotation)), expected, atol=1e-12)


def test_six_values_are_the_first_two_columns():
    rotation = np.random.default_rng(0).standard_normal((50, 3))
    matrix = Rotation.from_rotvec(rotation).as_matrix()
    expected = np.concatenate([matrix[:, :, 0], matrix[:, :, 1]], axis=1)
    np.testing.assert_allclose(axis_angle_to_6d(torch.from_numpy(rotation)), expected, atol=1e-12)


def test_opposite_axes_near_pi_are_near_each_other():
    up, down = torch.tensor([[0, 0, np.pi - 1e-3], [0, 0, -np.pi + 1e-3]]).unbind()
    assert (axis_angle_to_6d(up) - axis_angle_to_6d(down)).norm() < 0.01


def test_keeps_leading_axes_and_ignores_autocast():
    rotation = torch.randn(2, 5, 3)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        result = axis_angle_to_6d(rotation)
    assert result.shape == (2, 5, 6)
    torch.testing.assert_close(result, axis_angle_to_6d(rotation), rtol=0, atol=0)
