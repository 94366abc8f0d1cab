"""Demonstrations and questions as training batches."""

from vlareg.data.libero_data import Demonstrations, LiberoData
from vlareg.data.libero_hdf5 import LiberoHDF5
from vlareg.data.question_data import QuestionData

__all__ = ["Demonstrations", "LiberoData", "LiberoHDF5", "QuestionData"]
