"""Diagnostics of representations: checkpoints and pictures in, four PNGs and a JSON out."""

from vlareg.diagnose.options import Options
from vlareg.diagnose.run import run_diagnosis

__all__ = ["Options", "run_diagnosis"]
