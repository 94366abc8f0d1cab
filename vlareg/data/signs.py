"""Simple sign boards, drawn from scratch: eight categories of concepts that a vision-language model can name."""

import math
from collections.abc import Callable, Sequence
from difflib import get_close_matches

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageDraw, ImageFont

CANVAS = 192
"""Side of the square on which a sign is drawn before it is scaled down (pixels)."""

Color = tuple[int, int, int]
Point = tuple[float, float]

PALETTE: dict[str, Color] = {
    "red": (230, 20, 20),
    "orange": (255, 115, 0),
    "yellow": (250, 217, 13),
    "green": (13, 179, 38),
    "blue": (26, 64, 242),
    "purple": (153, 26, 204),
    "pink": (250, 140, 190),
    "brown": (110, 65, 30),
    "gray": (140, 145, 155),
    "black": (25, 25, 25),
    "white": (247, 247, 247),
}
"""Colours by name (RGB, 0-255)."""

RED, YELLOW, GREEN = PALETTE["red"], PALETTE["yellow"], PALETTE["green"]
BLUE, BLACK, WHITE = PALETTE["blue"], PALETTE["black"], PALETTE["white"]


class Pen:
    """Draw on a transparent square whose coordinates run from -1 to 1, x to the right and y down.

    Args:
        ink: Colour of what is drawn without a colour of its own.
        paper: Colour of the board, for holes.
    """

    def __init__(self, ink: Color, paper: Color) -> None:
        self.ink, self.paper = ink, paper
        self.image = Image.new("RGBA", (CANVAS, CANVAS), (*paper, 0))
        self._draw = ImageDraw.Draw(self.image)

    def polygon(self, points: Sequence[Point], fill: Color | None = None) -> None:
        """Fill a closed outline."""
        self._draw.polygon(self._pixels(points), fill=fill or self.ink)

    def line(self, points: Sequence[Point], width: float = 0.14, fill: Color | None = None) -> None:
        """Stroke a polyline with round ends."""
        self._draw.line(self._pixels(points), fill=fill or self.ink, width=round(width * CANVAS / 2), joint="curve")
        for x, y in (points[0], points[-1]):
            self.disc(x, y, width / 2, fill)

    def disc(self, x: float, y: float, radius: float, fill: Color | None = None) -> None:
        """Fill a circle."""
        box = self._pixels([(x - radius, y - radius), (x + radius, y + radius)])
        self._draw.ellipse(box, fill=fill or self.ink)

    def ring(self, x: float, y: float, radius: float, width: float = 0.14, fill: Color | None = None) -> None:
        """Stroke a circle whose outer radius is `radius`."""
        box = self._pixels([(x - radius, y - radius), (x + radius, y + radius)])
        self._draw.ellipse(box, outline=fill or self.ink, width=round(width * CANVAS / 2))

    def bar(self, corner: Point, opposite: Point, radius: float = 0.0, fill: Color | None = None) -> None:
        """Fill a rectangle with rounded corners."""
        self._draw.rounded_rectangle(self._pixels([corner, opposite]), radius * CANVAS / 2, fill=fill or self.ink)

    def sector(self, x: float, y: float, radius: float, degrees: tuple[float, float]) -> None:
        """Fill a slice of a circle, clockwise from the right."""
        box = self._pixels([(x - radius, y - radius), (x + radius, y + radius)])
        self._draw.pieslice(box, *degrees, fill=self.ink)

    def text(self, text: str, height: float = 1.3, fill: Color | None = None) -> None:
        """Write in the middle; `height` is the font's size."""
        font = ImageFont.load_default(height * CANVAS / 2)
        self._draw.text((CANVAS / 2, CANVAS / 2), text, fill or self.ink, font, "mm", stroke_width=4)

    @staticmethod
    def _pixels(points: Sequence[Point]) -> list[Point]:
        return [((x + 1) * CANVAS / 2, (y + 1) * CANVAS / 2) for x, y in points]


Draw = Callable[[Pen, np.random.Generator], None]


def _around(corners: int, radius: float = 0.85, first_deg: float = -90.0, inner: float | None = None) -> list[Point]:
    """Corners on a circle, clockwise; with `inner`, every second one lies on a smaller circle (a star)."""
    radii = [radius] if inner is None else [radius, inner]
    angles = [math.radians(first_deg + 360 * i / corners) for i in range(corners)]
    return [(radii[i % len(radii)] * math.cos(a), radii[i % len(radii)] * math.sin(a)) for i, a in enumerate(angles)]


def _polygon(points: Sequence[Point], *layers: tuple[float, Color]) -> Draw:
    """Draw an outline, then smaller copies of it in the given colours."""

    def draw(pen: Pen, rng: np.random.Generator) -> None:
        pen.polygon(points)
        for scale, color in layers:
            pen.polygon([(scale * x, scale * y) for x, y in points], color)

    return draw


def _then(*steps: Callable[[Pen], None]) -> Draw:
    def draw(pen: Pen, rng: np.random.Generator) -> None:
        for step in steps:
            step(pen)

    return draw


def _cross(pen: Pen, size: float = 0.8, fill: Color | None = None) -> None:
    pen.bar((-size, -size / 3), (size, size / 3), fill=fill)
    pen.bar((-size / 3, -size), (size / 3, size), fill=fill)


def _heart(pen: Pen) -> None:
    pen.disc(-0.4, -0.3, 0.44)
    pen.disc(0.4, -0.3, 0.44)
    pen.polygon([(-0.8, -0.1), (0.8, -0.1), (0.0, 0.85)])


def _splash(pen: Pen, rng: np.random.Generator) -> None:
    """Fill an outline without a shape of its own, so that only the colour has a name."""
    waves = [(k, rng.uniform(0, 0.16), rng.uniform(0, 2 * math.pi)) for k in (2, 3, 5, 7)]
    angles = np.linspace(0, 2 * math.pi, 72, endpoint=False)
    radii = 0.65 + np.sum([size * np.sin(k * angles + phase) for k, size, phase in waves], axis=0)
    pen.polygon([(float(r * math.cos(a)), float(r * math.sin(a))) for a, r in zip(angles, radii, strict=True)])


def _arrow(quarter_turns: int) -> Draw:
    up = [(0.0, -0.85), (0.7, -0.1), (0.26, -0.1), (0.26, 0.85), (-0.26, 0.85), (-0.26, -0.1), (-0.7, -0.1)]
    for _ in range(quarter_turns):
        up = [(-y, x) for x, y in up]
    return _polygon(up)


def _number(remainder: int) -> Draw:
    def draw(pen: Pen, rng: np.random.Generator) -> None:
        number = 2 * int(rng.integers(0, 50)) + remainder
        pen.text(str(number if rng.random() < 0.5 else number % 10))

    return draw


def _traffic_light(pen: Pen) -> None:
    pen.bar((-0.4, -0.92), (0.4, 0.92), 0.15, BLACK)
    for y, color in ((-0.56, RED), (0.0, YELLOW), (0.56, GREEN)):
        pen.disc(0, y, 0.24, color)


def _exclamation(pen: Pen) -> None:
    pen.line([(0.0, -0.35), (0.0, 0.1)], fill=BLACK)
    pen.disc(0, 0.3, 0.09, BLACK)


def _tub(pen: Pen) -> None:
    pen.line([(-0.85, -0.5), (-0.6, 0.7), (0.6, 0.7), (0.85, -0.5)])
    pen.line([(-0.78, -0.2), (-0.4, -0.33), (0.0, -0.2), (0.4, -0.33), (0.78, -0.2)], 0.1)


def _crossed_out(pen: Pen) -> None:
    pen.line([(-0.8, -0.8), (0.8, 0.8)], 0.12)
    pen.line([(-0.8, 0.8), (0.8, -0.8)], 0.12)


def _box(pen: Pen) -> None:
    pen.line([(-0.8, -0.8), (0.8, -0.8), (0.8, 0.8), (-0.8, 0.8), (-0.8, -0.8)])


def _iron(pen: Pen) -> None:
    pen.polygon([(-0.9, 0.5), (-0.55, -0.1), (0.9, -0.1), (0.9, 0.5)])
    pen.line([(-0.35, -0.1), (-0.25, -0.5), (0.75, -0.5), (0.82, -0.1)], 0.15)


def _sun(pen: Pen) -> None:
    pen.disc(0, 0, 0.45)
    for (x0, y0), (x1, y1) in zip(_around(8, 0.62), _around(8, 0.9), strict=True):
        pen.line([(x0, y0), (x1, y1)], 0.12)


def _cloud(pen: Pen, y: float = 0.1) -> None:
    pen.disc(-0.45, y + 0.08, 0.34)
    pen.disc(0.0, y - 0.15, 0.45)
    pen.disc(0.48, y + 0.05, 0.36)
    pen.bar((-0.5, y), (0.5, y + 0.41))


def _drops(pen: Pen) -> None:
    for x in (-0.45, 0.0, 0.45):
        pen.line([(x, 0.3), (x - 0.15, 0.8)], 0.12)


def _flakes(pen: Pen) -> None:
    for x, y in ((-0.45, 0.42), (0.0, 0.75), (0.45, 0.42)):
        pen.disc(x, y, 0.14)


def _bolt(pen: Pen) -> None:
    pen.polygon([(0.1, 0.0), (-0.3, 0.55), (0.0, 0.55), (-0.12, 0.98), (0.35, 0.35), (0.05, 0.35), (0.3, 0.0)])


def _umbrella(pen: Pen) -> None:
    pen.sector(0, 0.05, 0.88, (180, 360))
    pen.line([(0.0, 0.0), (0.0, 0.7), (-0.1, 0.85), (-0.25, 0.82), (-0.3, 0.68)], 0.12)


def _fork_and_knife(pen: Pen) -> None:
    for x in (-0.6, -0.4, -0.2):
        pen.line([(x, -0.8), (x, -0.3)], 0.1)
    pen.line([(-0.6, -0.25), (-0.2, -0.25)], 0.14)
    pen.line([(-0.4, -0.25), (-0.4, 0.8)], 0.16)
    pen.polygon([(0.5, -0.87), (0.3, -0.4), (0.3, 0.15), (0.5, 0.15)])
    pen.line([(0.43, 0.0), (0.43, 0.8)], 0.16)


def _cigarette(pen: Pen) -> None:
    pen.bar((-0.55, -0.1), (0.5, 0.14), fill=BLACK)
    pen.line([(0.45, -0.25), (0.35, -0.45)], 0.1, BLACK)
    pen.ring(0, 0, 0.92, 0.16, RED)
    pen.line([(-0.6, -0.6), (0.6, 0.6)], 0.16, RED)


def _telephone(pen: Pen) -> None:
    pen.line([(-0.7, -0.25), (-0.6, -0.55), (0.6, -0.55), (0.7, -0.25)], 0.26)
    pen.polygon([(-0.3, -0.3), (0.3, -0.3), (0.75, 0.75), (-0.75, 0.75)])
    pen.disc(0, 0.28, 0.24, pen.paper)


def _bed(pen: Pen) -> None:
    pen.line([(-0.85, -0.6), (-0.85, 0.6)], 0.16)
    pen.bar((-0.85, 0.1), (0.9, 0.36))
    pen.line([(0.85, 0.2), (0.85, 0.6)], 0.16)
    pen.disc(-0.5, -0.12, 0.2)
    pen.bar((-0.2, -0.22), (0.9, 0.05), 0.1)


_TRIANGLE = [(0.0, -0.8), (0.9, 0.75), (-0.9, 0.75)]
_DOWNWARD = [(x, -y) for x, y in _TRIANGLE]
_SQUARE = [(-0.75, -0.75), (0.75, -0.75), (0.75, 0.75), (-0.75, 0.75)]

_DRAWINGS: dict[str, dict[str, Draw]] = {
    "shape": {
        "circle": _then(lambda pen: pen.disc(0, 0, 0.8)),
        "square": _polygon(_SQUARE),
        "triangle": _polygon(_TRIANGLE),
        "star": _polygon(_around(10, 0.92, inner=0.38)),
        "cross": _then(_cross),
        "heart": _then(_heart),
    },
    "color": dict.fromkeys(("red", "orange", "yellow", "green", "blue", "purple"), _splash),
    "arrow": {name: _arrow(turns) for turns, name in enumerate(("up", "right", "down", "left"))},
    "parity": {"even": _number(0), "odd": _number(1)},
    "traffic": {
        "stop": _then(
            lambda pen: pen.polygon(_around(8, 0.95, -67.5), WHITE),
            lambda pen: pen.polygon(_around(8, 0.88, -67.5), RED),
            lambda pen: pen.text("STOP", 0.58, WHITE),
        ),
        "no entry": _then(
            lambda pen: pen.disc(0, 0, 0.92, RED), lambda pen: pen.bar((-0.65, -0.18), (0.65, 0.18), fill=WHITE)
        ),
        "yield": _then(
            lambda pen: pen.polygon(_DOWNWARD, RED),
            lambda pen: pen.polygon([(0.55 * x, 0.55 * y - 0.12) for x, y in _DOWNWARD], WHITE),
        ),
        "warning": _then(
            lambda pen: pen.polygon(_TRIANGLE, RED),
            lambda pen: pen.polygon([(0.66 * x, 0.66 * y + 0.1) for x, y in _TRIANGLE], WHITE),
            _exclamation,
        ),
        "priority": _then(
            lambda pen: pen.polygon(_around(4, 0.95), WHITE), lambda pen: pen.polygon(_around(4, 0.72), YELLOW)
        ),
        "traffic light": _then(_traffic_light),
    },
    "laundry": {
        "wash": _then(_tub),
        "do not wash": _then(_tub, _crossed_out),
        "iron": _then(_iron),
        "tumble dry": _then(_box, lambda pen: pen.ring(0, 0, 0.68)),
        "dry clean": _then(lambda pen: pen.ring(0, 0, 0.85), lambda pen: pen.text("P", 0.95)),
    },
    "weather": {
        "sun": _then(_sun),
        "cloud": _then(_cloud),
        "rain": _then(lambda pen: _cloud(pen, -0.3), _drops),
        "snow": _then(lambda pen: _cloud(pen, -0.3), _flakes),
        "storm": _then(lambda pen: _cloud(pen, -0.4), _bolt),
        "umbrella": _then(_umbrella),
    },
    "public": {
        "restaurant": _then(_fork_and_knife),
        "no smoking": _then(_cigarette),
        "telephone": _then(_telephone),
        "hotel": _then(_bed),
        "parking": _then(lambda pen: pen.text("P", 1.6)),
        "first aid": _then(lambda pen: _cross(pen, 0.75, WHITE)),
    },
}

SIGNS: dict[str, tuple[str, ...]] = {category: tuple(names) for category, names in _DRAWINGS.items()}
"""The names of each category's signs."""

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
    board.disc(0, 0, 0.95) if rng.random() < 0.25 else board.bar((-0.84, -0.84), (0.84, 0.84), rng.uniform(0, 0.3))
    pen = Pen(ink, paper)
    _DRAWINGS[category][name](pen, rng)
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


def _check(argument: str, value: str, allowed: Sequence[str] | dict[str, tuple[str, ...]]) -> None:
    if value not in allowed:
        near = get_close_matches(value, list(allowed), n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"it is one of {list(allowed)}."
        raise ValueError(f"`{argument}`: no sign {value!r}; {hint}")
