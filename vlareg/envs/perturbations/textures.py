"""Textures drawn from a few random numbers."""

import colorsys

import numpy as np
from jaxtyping import Float, UInt8

Pattern = Float[np.ndarray, "size size"]
"""How far a pixel is from the first colour towards the second, in [0, 1]."""


def draw_texture(generator: np.random.Generator, contrast: float, size: int = 256) -> UInt8[np.ndarray, "size size 3"]:
    """Draw a checkerboard, stripes, wood or clouds in two colours.

    The numbers drawn do not depend on the contrast: the same generator gives the same pattern, fainter or stronger.

    Args:
        generator: Where its randomness comes from.
        contrast: 0 for one plain colour, 1 for two colours far apart.
        size: Width and height (pixels).
    """
    first, second = draw_colour(generator), draw_colour(generator)
    kinds = (_checker, _stripes, _wood, _clouds)
    pattern = kinds[generator.integers(len(kinds))](generator, size)
    mixed = first + contrast * pattern[..., None] * (second - first)
    return np.asarray(np.round(255.0 * mixed), np.uint8)


def draw_colour(generator: np.random.Generator) -> Float[np.ndarray, "3"]:
    """Draw a muted colour (red, green, blue in [0, 1]), against which saturated objects stay visible."""
    hue, saturation, value = generator.uniform([0.0, 0.25, 0.25], [1.0, 0.55, 0.75])
    return np.array(colorsys.hsv_to_rgb(hue, saturation, value))


def _grid(size: int) -> tuple[Pattern, Pattern]:
    x, y = np.meshgrid(np.arange(size) / size, np.arange(size) / size)
    return x, y


def _checker(generator: np.random.Generator, size: int) -> Pattern:
    x, y = _grid(size)
    cells = int(generator.integers(2, 6)) * 2
    return np.asarray(((x * cells).astype(int) + (y * cells).astype(int)) % 2.0)


def _stripes(generator: np.random.Generator, size: int) -> Pattern:
    x, y = _grid(size)
    along, across = generator.integers([0, 4], [4, 12])
    return np.asarray((x * along + y * across) % 1.0 < generator.uniform(0.3, 0.7), float)


def _wood(generator: np.random.Generator, size: int) -> Pattern:
    x, y = _grid(size)
    rings = 12.0 * y + 1.5 * _clouds(generator, size) + 0.3 * np.sin(2 * np.pi * x)
    grain = 0.15 * generator.uniform(size=(size, 1))
    pattern: Pattern = np.clip(0.5 + 0.4 * np.sin(2 * np.pi * rings) + grain, 0.0, 1.0)
    return pattern


def _clouds(generator: np.random.Generator, size: int) -> Pattern:
    """Sum random grids of 4, 8, 16 and 32 cells, each half as strong as the one before."""
    total = np.zeros((size, size))
    for octave in range(4):
        coarse = generator.uniform(size=(4 * 2**octave,) * 2)
        total += _enlarge(coarse, size) / 2**octave
    pattern: Pattern = (total - total.min()) / (total.max() - total.min())
    return pattern


def _enlarge(coarse: Float[np.ndarray, "cells cells"], size: int) -> Pattern:
    """Interpolate a grid linearly, as if it went on with its first row and column."""
    places = np.arange(size) * len(coarse) / size
    low, part = places.astype(int), places % 1.0
    high = (low + 1) % len(coarse)
    rows: Pattern = coarse[low] * (1 - part)[:, None] + coarse[high] * part[:, None]
    return rows[:, low] * (1 - part) + rows[:, high] * part
