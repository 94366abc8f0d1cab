import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from vlareg.losses import PoseDistance
from vlareg.regularizers import RobotState


@pytest.fixture
def proprio():
    random = np.random.default_rng(0)
    position, rotation = random.uniform(-0.5, 0.5, (20, 3)), random.standard_normal((20, 3))
    finger = random.uniform(0, 0.04, (20, 1))
    return torch.from_numpy(np.concatenate([position, rotation, finger, -finger], axis=1)).float()


def test_position_two_columns_of_the_rotation_and_the_opening(proprio):
    state = RobotState(scaling="none")(proprio).numpy()
    matrix = Rotation.from_rotvec(proprio[:, 3:6].numpy()).as_matrix()
    np.testing.assert_allclose(state[:, :3], proprio[:, :3])
    np.testing.assert_allclose(state[:, 3:6], matrix[:, :, 0], atol=1e-6)
    np.testing.assert_allclose(state[:, 6:9], matrix[:, :, 1], atol=1e-6)
    np.testing.assert_allclose(state[:, 9], 2 * proprio[:, 6], atol=1e-7)


def test_the_default_standardises_over_the_batch(proprio):
    state = RobotState()(proprio)
    torch.testing.assert_close(state.mean(dim=0), torch.zeros(10), atol=1e-5, rtol=0)
    torch.testing.assert_close(state.std(dim=0, correction=0), torch.ones(10), atol=1e-4, rtol=0)


def test_noise_of_a_constant_dimension_is_not_blown_up(proprio):
    proprio[:, 2] = 0.3 + 1e-6 * torch.randn(20)
    assert RobotState()(proprio)[:, 2].abs().max() < 1e-3


def test_no_gradient_flows(proprio):
    assert not RobotState()(proprio.requires_grad_()).requires_grad


def test_another_proprioception_is_refused(proprio):
    with pytest.raises(ValueError, match=r"`proprio` must be \[batch, 8\]"):
        RobotState()(proprio[:, :7])


def test_a_tenth_of_a_degree_does_not_weigh_as_much_as_a_decimetre(proprio):
    proprio[:, 3:6] = torch.tensor([3.1, 0.0, 0.0]) + 2e-3 * torch.randn(20, 3)
    spread = RobotState()(proprio).std(dim=0)
    assert (spread[:3] > 0.9).all()
    assert (spread[3:9] < 0.3).all()


def test_an_unscaled_rotation_is_one_that_angles_can_be_taken_of(proprio):
    states = RobotState(scale_rotation=False)
    states.fit(proprio)
    assert torch.equal(states(proprio)[:, 3:9], RobotState(scaling="none")(proprio)[:, 3:9])
    assert not torch.equal(states(proprio)[:, :3], proprio[:, :3])
    assert PoseDistance()(states(proprio)).isfinite().all()
    with pytest.raises(ValueError, match="scale_rotation=False"):
        PoseDistance()(RobotState()(proprio))
