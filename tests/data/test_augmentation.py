from itertools import pairwise

import torch

from vlareg.data.augmentation import CROP_AREA, augment, crop


def _images(batch=3, views=2, size=32):
    return torch.rand(batch, views, 3, size, size, generator=torch.Generator().manual_seed(0))


def test_a_sample_does_not_depend_on_its_batch():
    images = _images()
    together, boxes = augment(images, [(0, 5), (0, 6), (0, 7)])
    alone, box = augment(images[1:2], [(0, 6)])
    torch.testing.assert_close(together[1:2], alone)
    torch.testing.assert_close(boxes[1:2], box)


def test_seeds_and_positions_change_the_result():
    images = _images(1)
    results = [augment(images, [seed])[0] for seed in ((0, 0), (0, 1), (1, 0))]
    assert all(not torch.allclose(a, b, atol=1e-2) for a, b in pairwise(results))


def test_all_views_get_the_same_parameters():
    images = _images(1, 1).expand(1, 2, 3, 32, 32)
    result, _ = augment(images, [(0, 0)])
    torch.testing.assert_close(result[:, 0], result[:, 1])


def test_the_crop_keeps_a_share_of_the_area():
    ramp = torch.linspace(0, 1, 64).expand(1, 1, 3, 64, 64).clone()
    gray = augment(ramp * 0.2 + 0.4, [(0, 3)])[0][0, 0].mean(dim=(0, 1))
    contrast_free = (gray[-1] - gray[0]) / 0.2
    assert 0.8 * CROP_AREA**0.5 - 0.03 < contrast_free < 1.2 * CROP_AREA**0.5 + 0.03


def test_gray_stays_gray_under_saturation_and_hue():
    gray = torch.full((1, 1, 3, 8, 8), 0.5)
    result, _ = augment(gray, [(0, 9)])
    torch.testing.assert_close(result[:, :, 0], result[:, :, 2], atol=1e-5, rtol=0)


def test_pixels_stay_in_range():
    result, _ = augment(_images(), [(0, i) for i in range(3)])
    assert result.min() >= 0
    assert result.max() <= 1


def test_the_boxes_are_those_that_were_cropped():
    """Colours change linearly, the same at all places, so that correlation with the right crop stays near 1."""
    images = _images(4, 1)
    result, boxes = augment(images, [(0, i) for i in range(4)])

    def likeness(boxes):
        grey = torch.stack([result.mean(dim=2).flatten(1), crop(images, boxes).mean(dim=2).flatten(1)])
        return torch.stack([torch.corrcoef(pair)[0, 1] for pair in grey.unbind(dim=1)])

    assert (likeness(boxes) > 0.97).all()
    assert (likeness(boxes[:, [1, 0, 3, 2]]) < 0.9).all()
    sides = boxes[:, 2:] - boxes[:, :2]
    torch.testing.assert_close(sides.prod(dim=1), torch.full((4,), CROP_AREA))
    assert (boxes >= 0).all()
    assert (boxes <= 1).all()
