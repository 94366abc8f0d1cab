"""Frozen vision encoders."""

from vlareg.teachers.base import PatchFeatures, Teacher
from vlareg.teachers.efficientnet_lite import EfficientNetLiteTeacher
from vlareg.teachers.timm_teacher import TimmTeacher

__all__ = ["EfficientNetLiteTeacher", "PatchFeatures", "Teacher", "TimmTeacher"]
