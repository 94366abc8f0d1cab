"""Callbacks: things that look on while a policy is trained."""

from vlareg.callbacks.alignment_monitor import AlignmentMonitor
from vlareg.callbacks.curves import Curves, draw_curves

__all__ = ["AlignmentMonitor", "Curves", "draw_curves"]
