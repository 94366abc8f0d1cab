import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from vlareg.losses import EuclideanDistance, PoseDistance


def poses(rotations):
    matrices = torch.from_numpy(rotations.as_matrix())
    return torch.cat([matrices[:, :, 0], matrices[:, :, 1]], dim=1)


def test_angles_are_those_of_scipy():
    rotations = Rotation.random(20, random_state=0)
    angles = [[(a.inv() * b).magnitude() for b in rotations] for a in rotations]
    np.testing.assert_allclose(PoseDistance(rotation=0)(poses(rotations)), angles, atol=1e-7)


@pytest.mark.parametrize("angle", [1e-5, 1e-3, 1.0, 3.14])
def test_small_and_large_angles_are_exact_in_float32(angle):
    states = poses(Rotation.from_rotvec([[0, 0, 0.3], [0, 0, 0.3 + angle]])).float()
    assert float(PoseDistance(rotation=0)(states)[0, 1]) == pytest.approx(angle, rel=2e-2 if angle < 1e-4 else 1e-3)


def test_a_turn_of_one_unit_is_as_far_as_a_move_of_one():
    rotations = poses(Rotation.from_rotvec([[0, 0, 0], [0, 0.2, 0], [0, 0, 0]]))
    states = torch.cat([torch.tensor([[0.0], [0.0], [1.0]]).double(), rotations], dim=1)
    distances = PoseDistance(rotation=1, unit=0.2)(states)
    torch.testing.assert_close(distances[0], torch.tensor([0.0, 1.0, 1.0]).double())
    assert float(distances[1, 2]) == pytest.approx(2**0.5)


def test_small_distances_far_from_the_origin_are_kept():
    states = torch.tensor([[1000.0, 0.0], [1000.0, 1e-3]])
    assert float(EuclideanDistance()(states)[0, 1]) == pytest.approx(1e-3)


@pytest.mark.parametrize(
    ("states", "message"),
    [
        (torch.rand(3, 6), "not orthonormal"),
        (torch.eye(6)[:3] * torch.nan, "not orthonormal"),
        (torch.rand(3, 5), "5 values"),
    ],
)
def test_other_values_than_rotations_are_refused(states, message):
    with pytest.raises(ValueError, match=message):
        PoseDistance(rotation=0)(states)


@pytest.mark.parametrize(
    ("options", "message"), [({"rotation": -1}, "`rotation`"), ({"unit": 0.0}, "`unit` must be > 0")]
)
def test_arguments_are_checked(options, message):
    with pytest.raises(ValueError, match=message):
        PoseDistance(**options)
