"""The figures that pictograms are made of, each in the middle of the pen's square."""

from vlareg.envs.signs.palette import BLACK, GREEN, RED, YELLOW, Color
from vlareg.envs.signs.pen import Pen, around


def cross(pen: Pen, size: float = 0.8, fill: Color | None = None) -> None:
    pen.bar((-size, -size / 3), (size, size / 3), fill=fill)
    pen.bar((-size / 3, -size), (size / 3, size), fill=fill)


def heart(pen: Pen) -> None:
    pen.disc(-0.4, -0.3, 0.44)
    pen.disc(0.4, -0.3, 0.44)
    pen.polygon([(-0.8, -0.1), (0.8, -0.1), (0.0, 0.85)])


def traffic_light(pen: Pen) -> None:
    pen.bar((-0.4, -0.92), (0.4, 0.92), 0.15, BLACK)
    for y, color in ((-0.56, RED), (0.0, YELLOW), (0.56, GREEN)):
        pen.disc(0, y, 0.24, color)


def exclamation(pen: Pen) -> None:
    pen.line([(0.0, -0.35), (0.0, 0.1)], fill=BLACK)
    pen.disc(0, 0.3, 0.09, BLACK)


def tub(pen: Pen) -> None:
    pen.line([(-0.85, -0.5), (-0.6, 0.7), (0.6, 0.7), (0.85, -0.5)])
    pen.line([(-0.78, -0.2), (-0.4, -0.33), (0.0, -0.2), (0.4, -0.33), (0.78, -0.2)], 0.1)


def crossed_out(pen: Pen) -> None:
    pen.line([(-0.8, -0.8), (0.8, 0.8)], 0.12)
    pen.line([(-0.8, 0.8), (0.8, -0.8)], 0.12)


def box(pen: Pen) -> None:
    pen.line([(-0.8, -0.8), (0.8, -0.8), (0.8, 0.8), (-0.8, 0.8), (-0.8, -0.8)])


def iron(pen: Pen) -> None:
    pen.polygon([(-0.9, 0.5), (-0.55, -0.1), (0.9, -0.1), (0.9, 0.5)])
    pen.line([(-0.35, -0.1), (-0.25, -0.5), (0.75, -0.5), (0.82, -0.1)], 0.15)


def sun(pen: Pen) -> None:
    pen.disc(0, 0, 0.45)
    for (x0, y0), (x1, y1) in zip(around(8, 0.62), around(8, 0.9), strict=True):
        pen.line([(x0, y0), (x1, y1)], 0.12)


def cloud(pen: Pen, y: float = 0.1) -> None:
    pen.disc(-0.45, y + 0.08, 0.34)
    pen.disc(0.0, y - 0.15, 0.45)
    pen.disc(0.48, y + 0.05, 0.36)
    pen.bar((-0.5, y), (0.5, y + 0.41))


def drops(pen: Pen) -> None:
    for x in (-0.45, 0.0, 0.45):
        pen.line([(x, 0.3), (x - 0.15, 0.8)], 0.12)


def flakes(pen: Pen) -> None:
    for x, y in ((-0.45, 0.42), (0.0, 0.75), (0.45, 0.42)):
        pen.disc(x, y, 0.14)


def bolt(pen: Pen) -> None:
    pen.polygon([(0.1, 0.0), (-0.3, 0.55), (0.0, 0.55), (-0.12, 0.98), (0.35, 0.35), (0.05, 0.35), (0.3, 0.0)])


def umbrella(pen: Pen) -> None:
    pen.sector(0, 0.05, 0.88, (180, 360))
    pen.line([(0.0, 0.0), (0.0, 0.7), (-0.1, 0.85), (-0.25, 0.82), (-0.3, 0.68)], 0.12)


def fork_and_knife(pen: Pen) -> None:
    for x in (-0.6, -0.4, -0.2):
        pen.line([(x, -0.8), (x, -0.3)], 0.1)
    pen.line([(-0.6, -0.25), (-0.2, -0.25)], 0.14)
    pen.line([(-0.4, -0.25), (-0.4, 0.8)], 0.16)
    pen.polygon([(0.5, -0.87), (0.3, -0.4), (0.3, 0.15), (0.5, 0.15)])
    pen.line([(0.43, 0.0), (0.43, 0.8)], 0.16)


def cigarette(pen: Pen) -> None:
    pen.bar((-0.55, -0.1), (0.5, 0.14), fill=BLACK)
    pen.line([(0.45, -0.25), (0.35, -0.45)], 0.1, BLACK)
    pen.ring(0, 0, 0.92, 0.16, RED)
    pen.line([(-0.6, -0.6), (0.6, 0.6)], 0.16, RED)


def telephone(pen: Pen) -> None:
    pen.line([(-0.7, -0.25), (-0.6, -0.55), (0.6, -0.55), (0.7, -0.25)], 0.26)
    pen.polygon([(-0.3, -0.3), (0.3, -0.3), (0.75, 0.75), (-0.75, 0.75)])
    pen.disc(0, 0.28, 0.24, pen.paper)


def bed(pen: Pen) -> None:
    pen.line([(-0.85, -0.6), (-0.85, 0.6)], 0.16)
    pen.bar((-0.85, 0.1), (0.9, 0.36))
    pen.line([(0.85, 0.2), (0.85, 0.6)], 0.16)
    pen.disc(-0.5, -0.12, 0.2)
    pen.bar((-0.2, -0.22), (0.9, 0.05), 0.1)
