"""The vision-action study: checkpoints and data in, one HTML page and a JSON out."""

from vlareg.study.run import Options, run_study

__all__ = ["Options", "run_study"]
