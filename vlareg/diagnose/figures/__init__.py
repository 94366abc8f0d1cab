"""The four figures of a diagnosis."""

from vlareg.diagnose.figures.everything import draw_all

__all__ = ["draw_all"]
