import pytest
import torch
import torch.nn.functional as F
from torch import nn

from vlareg.data.augmentation import augment, crop, crop_boxes
from vlareg.teachers import PatchFeatures, Teacher, resample, square_grid

SIZE = 96


class PatchMeans(Teacher):
    """A teacher whose features are the mean colours of its patches."""

    def __init__(self, rows, columns):
        self.rows, self.columns = rows, columns
        super().__init__(nn.Identity(), image_size=SIZE, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))

    def feature_map(self, pixels):
        return F.adaptive_avg_pool2d(pixels, (self.rows, self.columns))


def smooth_images(count, seed=0):
    """Colours that change along both axes, differently, and enough that a neighbouring patch has another one."""
    random = torch.Generator().manual_seed(seed)
    coarse = torch.rand(count, 3, 4, 4, generator=random)
    return F.interpolate(coarse, (SIZE, SIZE), mode="bicubic", align_corners=True).clamp(0, 1)


def errors(teacher_grid, student_grid, boxes, change=lambda boxes: boxes):
    """Largest and mean difference between what is sampled under boxes and what the cropped images give."""
    images = smooth_images(len(boxes))
    cropped = crop(images[:, None], boxes)[:, 0]
    wanted = F.adaptive_avg_pool2d(cropped, student_grid).flatten(2).transpose(1, 2)
    sampled = resample(PatchMeans(*teacher_grid)(images), student_grid, change(boxes))
    difference = (sampled - wanted).abs()
    return float(difference.max()), float(difference.mean())


@pytest.fixture
def boxes():
    """Wide and high ones, at places that are not the same across and down."""
    random = torch.Generator().manual_seed(1)
    size = 0.5 + 0.4 * torch.rand(16, 2, generator=random)
    corner = (1 - size) * torch.rand(16, 2, generator=random)
    return torch.cat([corner, corner + size], dim=1)


@pytest.mark.parametrize(
    ("teacher_grid", "student_grid", "tolerance"),
    [
        ((96, 96), (6, 6), 0.001),  # area: many of the teacher's cells in each of the student's
        ((24, 32), (6, 4), 0.01),
        ((12, 12), (12, 12), 0.06),  # bilinear: the student's cells are smaller, by the crop
        ((8, 12), (12, 6), 0.08),
    ],
)
def test_sampling_under_a_box_is_cropping_the_image(boxes, teacher_grid, student_grid, tolerance):
    assert errors(teacher_grid, student_grid, boxes)[0] < tolerance


def test_at_the_resolution_of_pixels_nothing_is_lost_but_the_crops_own_blur():
    """A box on pixels' edges, one pixel of the crop for one of the frame: equal up to rounding."""
    images = torch.rand(2, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(0))
    boxes = torch.tensor([[0.25, 0.125, 0.75, 0.875]]).expand(2, 4)
    rows, columns = slice(SIZE // 8, 7 * SIZE // 8), slice(SIZE // 4, 3 * SIZE // 4)
    wanted = F.adaptive_avg_pool2d(images[:, :, rows, columns], (9, 6)).flatten(2).transpose(1, 2)
    torch.testing.assert_close(resample(PatchMeans(SIZE, SIZE)(images), (9, 6), boxes), wanted, atol=1e-6, rtol=0)


@pytest.mark.parametrize(
    "mistake",
    [
        lambda boxes: boxes[:, [1, 0, 3, 2]],
        lambda boxes: boxes.roll(1, dims=0),
        lambda boxes: None,
        lambda boxes: (boxes + torch.tensor([1 / 12, 0, 1 / 12, 0])).clamp(max=1),
        lambda boxes: (boxes + torch.tensor([0, 1 / 12, 0, 1 / 12])).clamp(max=1),
    ],
    ids=["x and y swapped", "another sample's", "none", "a column too far", "a row too far"],
)
def test_a_wrong_box_is_seen(boxes, mistake):
    right, wrong = (errors((12, 12), (12, 12), boxes, change)[1] for change in (lambda boxes: boxes, mistake))
    assert right < 0.01
    assert wrong > 5 * right


def test_the_whole_image_is_the_default(boxes):
    features = PatchMeans(8, 12)(smooth_images(2))
    whole = torch.tensor([[0.0, 0.0, 1.0, 1.0]]).expand(2, 4)
    torch.testing.assert_close(resample(features, (6, 4)), resample(features, (6, 4), whole))
    torch.testing.assert_close(resample(features, (8, 12), whole), features.features)
    assert resample(features, (8, 12)) is features.features


def test_a_coarser_grid_gets_means_and_a_finer_one_is_interpolated():
    ramp = PatchFeatures(torch.arange(4.0).view(1, 4, 1), (1, 4))
    assert resample(ramp, (1, 2)).flatten().tolist() == [0.5, 2.5]
    assert resample(ramp, (1, 8)).flatten().tolist() == [0.0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3.0]


def test_the_augmentations_own_crop_is_met():
    """Through the augmentation's seeds, so that its box and its crop are of the same draw."""
    images = smooth_images(4)[:, None]
    boxes = augment(images, [(0, i) for i in range(4)])[1]
    cropped = crop(images, boxes)[:, 0]
    sampled = resample(PatchMeans(24, 24)(images[:, 0]), (6, 6), boxes)
    torch.testing.assert_close(sampled, PatchMeans(6, 6)(cropped).features, atol=1e-2, rtol=0)


@pytest.mark.parametrize("places", [(0.0, 0.0), (1.0, 0.0), (0.5, 0.5)])
def test_boxes_are_those_of_the_crop(places):
    box = crop_boxes(torch.tensor([places]))
    ramp = ((torch.arange(SIZE) + 0.5) / SIZE).expand(1, 1, 3, SIZE, SIZE)
    across = crop(ramp, box)[0, 0, 0, 0]
    down = crop(ramp.transpose(-1, -2), box)[0, 0, 0, :, 0]
    for values, low, high in ((across, box[0, 0], box[0, 2]), (down, box[0, 1], box[0, 3])):
        wanted = low + (high - low) * (torch.arange(SIZE) + 0.5) / SIZE
        inside = (wanted > 0.5 / SIZE) & (wanted < 1 - 0.5 / SIZE)  # beyond, the crop repeats the border
        torch.testing.assert_close(values[inside], wanted[inside])


@pytest.mark.parametrize(
    "box", [(0.5, 0.0, 0.5, 1.0), (0.0, 0.9, 1.0, 0.1), (3.0, 3.0, 90.0, 90.0), (0.0, 0.0, 1.0, torch.nan)]
)
def test_boxes_that_are_none_are_refused(box):
    features = PatchMeans(4, 4)(smooth_images(2))
    with pytest.raises(ValueError, match=r"`boxes` must be \(left, top, right, bottom\) in fractions"):
        resample(features, (2, 2), torch.tensor([(0.0, 0.0, 1.0, 1.0), box]))


def test_numbers_that_are_no_square_are_refused():
    assert square_grid(256) == (16, 16)
    with pytest.raises(ValueError, match="`grid` is needed: 12"):
        square_grid(12)


def test_autocast_changes_nothing(boxes):
    features = PatchMeans(8, 12)(smooth_images(16))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        under = resample(features, (6, 4), boxes)
    assert torch.equal(under, resample(features, (6, 4), boxes))
