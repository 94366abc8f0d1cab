"""From a teacher's grid over the whole frame to the student's patches, which may cover a part of it."""

from math import isqrt

import torch
from jaxtyping import Float
from torch import Tensor

from vlareg.functional.precision import full_precision
from vlareg.shapes import Tokens
from vlareg.teachers.base import PatchFeatures


def square_grid(patches: int) -> tuple[int, int]:
    """Return the rows and columns of a square grid.

    Args:
        patches: Number of patches.

    Raises:
        ValueError: If it is not a square number.

    Example:
        >>> square_grid(36)
        (6, 6)
    """
    side = isqrt(patches)
    if side * side != patches:
        raise ValueError(f"`grid` is needed: {patches} patches per view are not a square.")
    return side, side


def resample(features: PatchFeatures, grid: tuple[int, int], boxes: Float[Tensor, "batch 4"] | None = None) -> Tokens:
    """Resample patch features to another grid over a part of the same image.

    A new cell gets the mean of what lies in its area. Where it is smaller than a cell of the features, the area is
    widened to one such cell around the new cell's centre, which makes the mean bilinear interpolation.

    Args:
        features: Features with their grid over the whole image.
        grid: Rows and columns of the new grid.
        boxes: The part that the new grid covers: left, top, right, bottom as fractions of the image's width and
            height; None is the whole.

    Returns:
        One vector per cell of the new grid, row by row.

    Raises:
        ValueError: If `boxes` are not one per image, inside it and not empty.

    Example:
        >>> features = PatchFeatures(torch.arange(4.0).view(1, 4, 1), (2, 2))
        >>> resample(features, (1, 1)).flatten().tolist()
        [1.5]
        >>> resample(features, (1, 1), boxes=torch.tensor([[0.5, 0.0, 1.0, 0.5]])).flatten().tolist()
        [1.0]
    """
    tokens, (rows, columns) = features
    if boxes is None and features.grid == grid:
        return tokens
    boxes = _checked(tokens.new_tensor([[0.0, 0.0, 1.0, 1.0]]).expand(len(tokens), 4) if boxes is None else boxes)
    left, top, right, bottom = boxes.to(tokens).unbind(dim=1)
    with full_precision(tokens):
        down = _weights(top, bottom, rows, grid[0])
        across = _weights(left, right, columns, grid[1])
        places = tokens.reshape(len(tokens), *features.grid, -1)
        return torch.einsum("bnr,bmc,brcd->bnmd", down, across, places).flatten(1, 2)


def _weights(
    start: Float[Tensor, "batch"], end: Float[Tensor, "batch"], old: int, new: int
) -> Float[Tensor, "batch {new} {old}"]:
    """Return how much of each new cell's length lies in each old cell, for `new` equal parts of [start, end]."""
    width = (end - start)[:, None] * old / new
    centre = start[:, None] * old + (torch.arange(new).to(start) + 0.5) * width
    half = width.clamp(min=1.0) / 2
    low, high = (centre - half)[..., None], (centre + half)[..., None]
    edges = torch.arange(old).to(start)
    overlap = (torch.minimum(high, edges + 1) - torch.maximum(low, edges)).clamp(min=0.0)
    return overlap / overlap.sum(dim=-1, keepdim=True)


def _checked(boxes: Float[Tensor, "batch 4"]) -> Float[Tensor, "batch 4"]:
    # Rounding may carry a corner a little outside; overlaps cut that off.
    slack = 1e-4
    inside = (boxes >= -slack).all(dim=1) & (boxes <= 1 + slack).all(dim=1)
    fine = inside & (boxes[:, 0] < boxes[:, 2]) & (boxes[:, 1] < boxes[:, 3])
    if not fine.all():
        wrong = [round(value, 4) for value in boxes[~fine][0].tolist()]
        raise ValueError(f"`boxes` must be (left, top, right, bottom) in fractions of the image, but one is {wrong}.")
    return boxes
