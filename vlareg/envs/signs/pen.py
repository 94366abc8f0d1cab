"""A pen that draws simple shapes on a transparent square."""

import math
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from vlareg.envs.signs.palette import Color

CANVAS = 192
"""Side of the square on which a sign is drawn before it is scaled down (pixels)."""

Point = tuple[float, float]


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


def around(corners: int, radius: float = 0.85, first_deg: float = -90.0, inner: float | None = None) -> list[Point]:
    """Return corners on a circle, clockwise; with `inner`, every second one lies on a smaller circle (a star)."""
    radii = [radius] if inner is None else [radius, inner]
    angles = [math.radians(first_deg + 360 * i / corners) for i in range(corners)]
    return [(radii[i % len(radii)] * math.cos(a), radii[i % len(radii)] * math.sin(a)) for i, a in enumerate(angles)]
