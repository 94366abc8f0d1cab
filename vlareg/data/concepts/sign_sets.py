"""The sign boards as classified pictures, a set for each category."""

from functools import partial

import numpy as np
import torch
from jaxtyping import UInt8

from vlareg.data.image_set import LEAST, ImageSet
from vlareg.envs.signs.pictograms import SIGNS
from vlareg.envs.signs.signs import render_sign


def sign_sets(pictures: int = 240, size: int = 96, seed: int = 0) -> list[ImageSet]:
    """Return eight sets of pictures, whose classes are the signs of one category each.

    Place, size, turn, colours, background and noise of a sign are drawn from the seed, the category and the picture's number
    alone. The categories are those of VL-Think; the signs are our own.

    Args:
        pictures: Upper limit for the pictures of a category; as many of each sign. Multiples of 60 make all categories
            equally large.
        size: Height and width (pixels).
        seed: Decides the pictures.

    Raises:
        ValueError: If that is fewer than 4 pictures of a sign.

    Reference:
        Kachaev et al., "Don't Blind Your VLA: Aligning Visual Representations for OOD Generalization", 2025, arXiv
        2510.25616, whose VL-Think asks a policy to choose between boards; here a linear probe is asked instead.

    Example:
        >>> [f"{each.name} {len(each.classes)}" for each in sign_sets()][:4]
        ['shape 6', 'color 6', 'arrow 4', 'parity 2']
    """
    most = max(map(len, SIGNS.values()))
    if pictures < LEAST * most:
        raise ValueError(f"`pictures` must be >= {LEAST * most}, {LEAST} of each of {most} signs, but got {pictures}.")
    return [
        ImageSet(
            category,
            names,
            torch.arange(len(names)).repeat(pictures // len(names)),
            partial(_picture, number, category, size, seed),
        )
        for number, (category, names) in enumerate(SIGNS.items())
    ]


def _picture(number: int, category: str, size: int, seed: int, i: int) -> UInt8[np.ndarray, "size size 3"]:
    names = SIGNS[category]
    return render_sign(category, names[i % len(names)], np.random.default_rng((seed, number, i)), size)
