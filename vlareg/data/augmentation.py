"""OpenVLA's image augmentation, for a whole batch at once, seeded by sample."""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from vlareg.shapes import Images

CROP_AREA = 0.9
BRIGHTNESS = 0.2
CONTRAST = (0.8, 1.2)
SATURATION = (0.8, 1.2)
HUE = 0.05
GRAY = (0.299, 0.587, 0.114)

Boxes = Float[Tensor, "batch 4"]
"""Left, top, right, bottom as fractions of a frame's width and height."""


def augment(images: Images, seeds: Sequence[tuple[int, int]]) -> tuple[Images, Boxes]:
    """Crop (area 0.9, resized back), then jitter brightness (±0.2), contrast and saturation (0.8-1.2) and hue (±0.05 turns).

    All views of a sample get the same parameters, which depend on its seed alone.

    Args:
        images: Raw pixels in [0, 1].
        seeds: One seed per sample.

    Returns:
        The new images, and the part of the frame that each sample's show.

    Reference:
        The augmentation of OpenVLA's LIBERO fine-tuning recipe (Kim et al., 2024, arXiv 2406.09246, and its published code).
    """
    draws = torch.from_numpy(np.stack([np.random.default_rng(seed).random(6, dtype=np.float32) for seed in seeds])).to(
        images
    )
    boxes = crop_boxes(draws[:, :2])
    images = crop(images, boxes)
    shape = (-1, 1, 1, 1, 1)
    images = images + BRIGHTNESS * (2 * draws[:, 2] - 1).view(shape)
    mean = images.mean(dim=(-1, -2), keepdim=True)
    images = mean + (images - mean) * _between(CONTRAST, draws[:, 3]).view(shape)
    return _saturation_and_hue(images, _between(SATURATION, draws[:, 4]), HUE * (2 * draws[:, 5] - 1)).clamp(
        0, 1
    ), boxes


def crop_boxes(places: Float[Tensor, "batch 2"]) -> Boxes:
    """Return boxes of the crop's size, by where they lie in the frame.

    Args:
        places: Across and down (dimensionless, in [0, 1]): 0 is the left or upper end, 0.5 the centre.

    Returns:
        Left, top, right, bottom as fractions of the frame.

    Example:
        >>> [round(edge, 4) for edge in crop_boxes(torch.tensor([[0.5, 0.0]]))[0].tolist()]
        [0.0257, 0.0, 0.9743, 0.9487]
    """
    side = CROP_AREA**0.5
    corner = (1 - side) * places
    return torch.cat([corner, corner + side], dim=1)


def crop(images: Images, boxes: Boxes) -> Images:
    """Cut a box out of every view of a sample and resize it to the image's size, bilinearly.

    Args:
        images: Any images.
        boxes: Left, top, right, bottom as fractions of the image, one box per sample.
    """
    theta = images.new_zeros(len(images), 2, 3)
    theta[:, 0, 0], theta[:, 1, 1] = (boxes[:, 2:] - boxes[:, :2]).unbind(dim=1)
    theta[:, 0, 2], theta[:, 1, 2] = (boxes[:, 2:] + boxes[:, :2] - 1).unbind(dim=1)
    stacked = images.flatten(1, 2)
    grid = F.affine_grid(theta, list(stacked.shape), align_corners=False)
    return F.grid_sample(stacked, grid, padding_mode="border", align_corners=False).view_as(images)


def _between(limits: tuple[float, float], draw: Float[Tensor, "batch"]) -> Float[Tensor, "batch"]:
    return limits[0] + (limits[1] - limits[0]) * draw


def _saturation_and_hue(images: Images, saturation: Float[Tensor, "batch"], turns: Float[Tensor, "batch"]) -> Images:
    """Scale the chroma and rotate it about the gray axis: one 3 x 3 matrix per sample, where HSV would need branches per pixel."""
    gray = images.new_tensor(GRAY).expand(3, 3)
    angle = 2 * torch.pi * turns
    third = images.new_full((3, 3), 1 / 3)
    skew = images.new_tensor([[0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / 3**0.5
    eye = torch.eye(3).to(images)
    cos, sin = angle.cos().view(-1, 1, 1), angle.sin().view(-1, 1, 1)
    rotation = cos * eye + (1 - cos) * third + sin * skew
    matrix = (gray + saturation.view(-1, 1, 1) * (eye - gray)) @ rotation
    return torch.einsum("bij,bvjhw->bvihw", matrix, images)
