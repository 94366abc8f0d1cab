"""Callbacks: things that look on while a policy is trained."""

from vlareg.callbacks.alignment_monitor import AlignmentMonitor
from vlareg.callbacks.alignment_record import AlignmentRecord, load_records, save_records
from vlareg.callbacks.alignment_scorer import AlignmentScorer
from vlareg.callbacks.choose import choose
from vlareg.callbacks.curves import Curves, draw_curves
from vlareg.callbacks.extraction_points import extraction_points
from vlareg.callbacks.readings import Readings, read_probe
from vlareg.callbacks.representation import Representation
from vlareg.callbacks.rollout_monitor import RolloutMonitor
from vlareg.callbacks.rollouts import Rollouts
from vlareg.callbacks.start_up_probes import StartUpProbes
from vlareg.callbacks.targets import listed_targets
from vlareg.callbacks.weight_average import WeightAverage

__all__ = [
    "AlignmentMonitor",
    "AlignmentRecord",
    "AlignmentScorer",
    "Curves",
    "Readings",
    "Representation",
    "RolloutMonitor",
    "Rollouts",
    "StartUpProbes",
    "WeightAverage",
    "choose",
    "draw_curves",
    "extraction_points",
    "listed_targets",
    "load_records",
    "read_probe",
    "save_records",
]
