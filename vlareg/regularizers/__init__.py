"""Regularizers of a policy: tap, projector, loss and weight, by composition."""

from vlareg.regularizers.base import Regularizer, RegularizerOutput
from vlareg.regularizers.projector import FrozenMLPProjector, MLPProjector
from vlareg.regularizers.robot_state import RobotState
from vlareg.regularizers.rscl import RSCL
from vlareg.regularizers.summary_adapter import SummaryAdapter
from vlareg.regularizers.teacher_alignment import TeacherAlignment
from vlareg.regularizers.weights import Constant, CosineDecay, WeightSchedule

__all__ = [
    "RSCL",
    "Constant",
    "CosineDecay",
    "FrozenMLPProjector",
    "MLPProjector",
    "Regularizer",
    "RegularizerOutput",
    "RobotState",
    "SummaryAdapter",
    "TeacherAlignment",
    "WeightSchedule",
]
