"""Frozen vision encoders."""

from vlareg.teachers.base import PatchFeatures, Teacher
from vlareg.teachers.cached_teacher import CachedTeacher, FrameSet
from vlareg.teachers.efficientnet_lite import EfficientNetLiteTeacher
from vlareg.teachers.grid import resample, square_grid
from vlareg.teachers.timm_teacher import TimmTeacher
from vlareg.teachers.transformers_teacher import TransformersTeacher

__all__ = [
    "CachedTeacher",
    "EfficientNetLiteTeacher",
    "FrameSet",
    "PatchFeatures",
    "Teacher",
    "TimmTeacher",
    "TransformersTeacher",
    "resample",
    "square_grid",
]
