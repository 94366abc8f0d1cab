import copy

import pytest
import torch
from torch import nn

from vlareg.teachers import Teacher


class Pooling(Teacher):
    """Colours of a 2 x 3 grid."""

    def __init__(self):
        super().__init__(nn.Conv2d(3, 3, 1, bias=False), image_size=12, mean=(0.1, 0.2, 0.3), std=(0.5, 0.25, 0.2))
        self.encoder.weight.data = torch.eye(3)[..., None, None]

    def feature_map(self, pixels):
        return nn.functional.adaptive_avg_pool2d(self.encoder(pixels), (2, 3))


@pytest.fixture
def teacher():
    return Pooling()


def test_features_stand_row_by_row_with_their_grid(teacher):
    image = torch.zeros(1, 3, 12, 12)
    image[:, :, :6, 8:] = 1.0
    features, grid = teacher(image)
    assert grid == (2, 3)
    brightest = features[0].sum(dim=1).argmax()
    assert int(brightest) == 2
    assert teacher.dim == 3


def test_applies_its_own_size_mean_and_std(teacher):
    grey = torch.full((2, 3, 50, 40), 0.6)
    features, _ = teacher(grey)
    torch.testing.assert_close(features[0, 0], torch.tensor([1.0, 1.6, 1.5]))
    assert features.shape == (2, 6, 3)


def test_no_optimizer_wrapper_or_checkpoint_sees_it(teacher):
    whole = nn.ModuleDict({"teacher": teacher, "student": nn.Linear(2, 2)})
    assert set(whole.state_dict()) == {"student.weight", "student.bias"}
    assert len(list(whole.parameters())) == 2
    assert not teacher.encoder.weight.requires_grad


def test_no_gradient_reaches_it_or_its_images(teacher):
    images = torch.rand(1, 3, 12, 12, requires_grad=True)
    assert not teacher(images).features.requires_grad


def test_training_mode_does_not_reach_it(teacher):
    nn.ModuleList([teacher]).train()
    assert not teacher.encoder.training


def test_moves_with_its_owner(teacher):
    nn.ModuleList([teacher]).to(torch.float64)
    assert teacher.encoder.weight.dtype == torch.float64
    assert teacher(torch.rand(1, 3, 12, 12)).features.dtype == torch.float64
    teacher.to("meta")
    assert teacher.encoder.weight.is_meta


def test_can_be_copied(teacher):
    images = torch.rand(1, 3, 12, 12)
    twin = copy.deepcopy(teacher)
    assert torch.equal(twin(images).features, teacher(images).features)
    assert twin.encoder is not teacher.encoder


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (torch.rand(3, 12, 12), r"\[batch, 3, height, width\]"),
        (torch.rand(1, 6, 12, 12), r"\[batch, 3, height, width\]"),
        (torch.zeros(1, 3, 12, 12, dtype=torch.uint8), "floats"),
        (torch.rand(1, 3, 12, 12) - 0.5, "raw pixels"),
        (torch.rand(1, 3, 12, 12) * 255, "raw pixels"),
        (torch.full((1, 3, 12, 12), torch.nan), "raw pixels"),
    ],
)
def test_images_that_are_not_raw_pixels_are_refused(teacher, images, message):
    with pytest.raises(ValueError, match=message):
        teacher(images)
