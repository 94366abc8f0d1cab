"""Sign boards of eight categories of concepts, drawn from scratch: for pictures to learn from, and to stand on the table."""

from vlareg.envs.signs.pictograms import SIGNS
from vlareg.envs.signs.signs import draw_sign, render_sign

__all__ = ["SIGNS", "draw_sign", "render_sign"]
