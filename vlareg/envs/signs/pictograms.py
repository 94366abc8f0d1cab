"""What each sign shows, by category and name."""

import math
from collections.abc import Callable

import numpy as np

from vlareg.envs.signs import figures
from vlareg.envs.signs.palette import RED, WHITE, YELLOW
from vlareg.envs.signs.pen import Pen, Point, around

Draw = Callable[[Pen, np.random.Generator], None]


def _then(*steps: Callable[[Pen], None]) -> Draw:
    """Draw figures over one another, the same every time."""

    def draw(pen: Pen, rng: np.random.Generator) -> None:
        for step in steps:
            step(pen)

    return draw


def _polygon(points: list[Point]) -> Draw:
    return _then(lambda pen: pen.polygon(points))


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


_TRIANGLE = [(0.0, -0.8), (0.9, 0.75), (-0.9, 0.75)]
_DOWNWARD = [(x, -y) for x, y in _TRIANGLE]
_SQUARE = [(-0.75, -0.75), (0.75, -0.75), (0.75, 0.75), (-0.75, 0.75)]

PICTOGRAMS: dict[str, dict[str, Draw]] = {
    "shape": {
        "circle": _then(lambda pen: pen.disc(0, 0, 0.8)),
        "square": _polygon(_SQUARE),
        "triangle": _polygon(_TRIANGLE),
        "star": _polygon(around(10, 0.92, inner=0.38)),
        "cross": _then(figures.cross),
        "heart": _then(figures.heart),
    },
    "color": dict.fromkeys(("red", "orange", "yellow", "green", "blue", "purple"), _splash),
    "arrow": {name: _arrow(turns) for turns, name in enumerate(("up", "right", "down", "left"))},
    "parity": {"even": _number(0), "odd": _number(1)},
    "traffic": {
        "stop": _then(
            lambda pen: pen.polygon(around(8, 0.95, -67.5), WHITE),
            lambda pen: pen.polygon(around(8, 0.88, -67.5), RED),
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
            figures.exclamation,
        ),
        "priority": _then(
            lambda pen: pen.polygon(around(4, 0.95), WHITE), lambda pen: pen.polygon(around(4, 0.72), YELLOW)
        ),
        "traffic light": _then(figures.traffic_light),
    },
    "laundry": {
        "wash": _then(figures.tub),
        "do not wash": _then(figures.tub, figures.crossed_out),
        "iron": _then(figures.iron),
        "tumble dry": _then(figures.box, lambda pen: pen.ring(0, 0, 0.68)),
        "dry clean": _then(lambda pen: pen.ring(0, 0, 0.85), lambda pen: pen.text("P", 0.95)),
    },
    "weather": {
        "sun": _then(figures.sun),
        "cloud": _then(figures.cloud),
        "rain": _then(lambda pen: figures.cloud(pen, -0.3), figures.drops),
        "snow": _then(lambda pen: figures.cloud(pen, -0.3), figures.flakes),
        "storm": _then(lambda pen: figures.cloud(pen, -0.4), figures.bolt),
        "umbrella": _then(figures.umbrella),
    },
    "public": {
        "restaurant": _then(figures.fork_and_knife),
        "no smoking": _then(figures.cigarette),
        "telephone": _then(figures.telephone),
        "hotel": _then(figures.bed),
        "parking": _then(lambda pen: pen.text("P", 1.6)),
        "first aid": _then(lambda pen: figures.cross(pen, 0.75, WHITE)),
    },
}

SIGNS: dict[str, tuple[str, ...]] = {category: tuple(names) for category, names in PICTOGRAMS.items()}
"""The names of each category's signs."""
