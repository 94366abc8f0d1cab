"""Augmentation of a representation by cutting parts of it."""

from vlareg.cutoff.base import Cutoff
from vlareg.cutoff.none import NoCutoff
from vlareg.cutoff.span import SpanCutoff
from vlareg.cutoff.token import TokenCutoff
from vlareg.cutoff.view import ViewCutoff

__all__ = ["Cutoff", "NoCutoff", "SpanCutoff", "TokenCutoff", "ViewCutoff"]
