"""The suite's movable objects: their shapes and colours."""

Colour = tuple[float, float, float]
"""Red, green, blue in [0, 1]."""

MOVABLE: dict[str, tuple[str, Colour]] = {
    "red_cube": ("cube", (0.90, 0.08, 0.08)),
    "blue_cube": ("cube", (0.10, 0.25, 0.95)),
    "green_cube": ("cube", (0.05, 0.70, 0.15)),
    "yellow_cube": ("cube", (0.98, 0.85, 0.05)),
    "white_puck": ("puck", (0.97, 0.97, 0.97)),
    "orange_cylinder": ("cylinder", (1.00, 0.45, 0.00)),
    "purple_block": ("block", (0.60, 0.10, 0.80)),
}
"""By the name of an object: the MJCF file in `assets/` without its ending, and the colour of what is visible."""
