"""Colours by name: of signs, and of objects."""

Color = tuple[int, int, int]

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
"""RGB, 0-255."""

RED, YELLOW, GREEN = PALETTE["red"], PALETTE["yellow"], PALETTE["green"]
BLUE, BLACK, WHITE = PALETTE["blue"], PALETTE["black"], PALETTE["white"]
