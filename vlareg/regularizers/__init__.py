"""Regularizers of a policy: tap, projector, loss and weight, by composition."""

from vlareg.regularizers.action_state import ActionState
from vlareg.regularizers.base import Regularizer, RegularizerOutput
from vlareg.regularizers.joint_state import JointState
from vlareg.regularizers.policy_encoder_teacher import PolicyEncoderTeacher
from vlareg.regularizers.projector import (
    FiLMProjector,
    FrozenMLPProjector,
    LinearProjector,
    MLPProjector,
    OrthogonalProjector,
    Projector,
    SpectralNormProjector,
    WhiteningProjector,
)
from vlareg.regularizers.robot_state import RobotState
from vlareg.regularizers.rscl import RSCL
from vlareg.regularizers.state_source import StateSource
from vlareg.regularizers.summary_adapter import SummaryAdapter
from vlareg.regularizers.teacher_alignment import TeacherAlignment
from vlareg.regularizers.upper_blocks_adapter import UpperBlocksAdapter
from vlareg.regularizers.weights import Constant, CosineDecay, RatioToTask, WeightSchedule

__all__ = [
    "RSCL",
    "ActionState",
    "Constant",
    "CosineDecay",
    "FiLMProjector",
    "FrozenMLPProjector",
    "JointState",
    "LinearProjector",
    "MLPProjector",
    "OrthogonalProjector",
    "PolicyEncoderTeacher",
    "Projector",
    "RatioToTask",
    "Regularizer",
    "RegularizerOutput",
    "RobotState",
    "SpectralNormProjector",
    "StateSource",
    "SummaryAdapter",
    "TeacherAlignment",
    "UpperBlocksAdapter",
    "WeightSchedule",
    "WhiteningProjector",
]
