"""Sign boards, drawn from scratch: eight categories of concepts that a vision-language model can name."""

from collections.abc import Collection, Sequence
from difflib import get_close_matches

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from vlareg.envs.signs.palette import BLACK, BLUE, GREEN, PALETTE, WHITE, Color
from vlareg.envs.signs.pen import CANVAS, Pen
from vlareg.envs.signs.pictograms import PICTOGRAMS, SIGNS

_BOARDS: dict[str, Color] = {"hotel": BLUE, "parking": BLUE, "telephone": BLUE, "first aid": GREEN}
"""Signs whose board has a fixed colour."""


def draw_sign(category: str, name: str, rng: np.random.Generator, size: int) -> Image.Image:
    """Draw a board with its sign, turned and tinted a little, on a transparent square.

    Args:
        category: A key of `SIGNS`.
        name: One of `SIGNS[category]`.
        rng: Decides the sign's size, turn, colours and the board's outline.
        size: Side of the square (pixels).

    Raises:
        ValueError: There is no such category or name.
    """
    _check("category", category, SIGNS)
    _check("name", name, SIGNS[category])
    ink, paper = _colors(category, name, rng)
    board = Pen(paper, paper)
    if rng.random() < 0.25:
        board.disc(0, 0, 0.95)
    else:
        board.bar((-0.84, -0.84), (0.84, 0.84), rng.uniform(0, 0.3))
    pen = Pen(ink, paper)
    PICTOGRAMS[category][name](pen, rng)
    side = round(CANVAS * rng.uniform(0.6, 0.7))
    glyph = pen.image.resize((side, side), Image.Resampling.BILINEAR)
    low, high = (CANVAS - side) // 2 - 6, (CANVAS - side) // 2 + 7
    board.image.alpha_composite(glyph, (int(rng.integers(low, high)), int(rng.integers(low, high))))
    turned = board.image.rotate(rng.uniform(-12, 12), Image.Resampling.BILINEAR)
    return turned.resize((size, size), Image.Resampling.LANCZOS)


def render_sign(category: str, name: str, rng: np.random.Generator, size: int = 96) -> UInt8[np.ndarray, "size size 3"]:
    """Return a picture of one sign on a textured background.

    Args:
        category: A key of `SIGNS`.
        name: One of `SIGNS[category]`.
        rng: Decides everything that does not change the sign's name.
        size: Side of the picture (pixels).

    Raises:
        ValueError: There is no such category or name.

    Example:
        >>> render_sign("weather", "umbrella", np.random.default_rng(0), size=64).shape
        (64, 64, 3)
    """
    side = round(size * rng.uniform(0.6, 0.95))
    sign = draw_sign(category, name, rng, side)
    picture = Image.fromarray(texture(rng, size))
    picture.paste(sign, (int(rng.integers(0, size - side + 1)), int(rng.integers(0, size - side + 1))), sign)
    noise = rng.normal(0, rng.uniform(0, 8), (size, size, 3))
    noisy: UInt8[np.ndarray, "size size 3"] = (np.asarray(picture) + noise).clip(0, 255).astype(np.uint8)
    return noisy


def texture(rng: np.random.Generator, size: int) -> UInt8[np.ndarray, "size size 3"]:
    """Return a smooth random background: two colours, mixed by low-frequency noise and a gradient.

    Args:
        rng: Source of randomness.
        size: Side (pixels).
    """
    colors = rng.uniform(40, 225, (2, 1, 1, 3)) * 0.6 + rng.uniform(20, 80)
    cells = rng.random((int(rng.integers(2, 9)), int(rng.integers(2, 9))), dtype=np.float32)
    smooth = Image.fromarray(cells).resize((size, size), Image.Resampling.BICUBIC)
    mix = np.asarray(smooth)[..., None] * 0.5 + np.linspace(0, 0.5, size)[:, None, None]
    mixed: UInt8[np.ndarray, "size size 3"] = (colors[0] * mix + colors[1] * (1 - mix)).clip(0, 255).astype(np.uint8)
    return mixed


def _colors(category: str, name: str, rng: np.random.Generator) -> tuple[Color, Color]:
    """Choose the ink and the board: fixed where they mean something, else any pair that can be told apart."""
    if name in _BOARDS:
        return _tint(WHITE, rng), _tint(_BOARDS[name], rng)
    if category == "color":
        return _tint(PALETTE[name], rng), _tint(WHITE if rng.random() < 0.5 else BLACK, rng)
    light = rng.integers(190, 256, 3)
    dark = rng.integers(0, 90, 3) if category != "shape" else np.array(PALETTE[str(rng.choice(list(PALETTE)[:-1]))])
    pair = _tint(tuple(dark), rng), _tint(tuple(light), rng)
    return pair if category in ("traffic", "public", "shape") or rng.random() < 0.7 else (pair[1], pair[0])


def _tint(color: Sequence[int], rng: np.random.Generator) -> Color:
    red, green, blue = (int(np.clip(value + rng.integers(-18, 19), 0, 255)) for value in color)
    return red, green, blue


def _check(argument: str, value: str, allowed: Collection[str]) -> None:
    if value not in allowed:
        near = get_close_matches(value, list(allowed), n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"it is one of {list(allowed)}."
        raise ValueError(f"`{argument}`: no sign {value!r}; {hint}")
