"""Demonstrations and questions as training batches."""

from vlareg.data.conventions import Conventions
from vlareg.data.lerobot import LeRobotFolder
from vlareg.data.libero_data import Demonstrations, LiberoData
from vlareg.data.libero_hdf5 import LiberoFolder, LiberoHDF5
from vlareg.data.question_data import QuestionData
from vlareg.data.recorded_data import RecordedData, Recordings

__all__ = [
    "Conventions",
    "Demonstrations",
    "LeRobotFolder",
    "LiberoData",
    "LiberoFolder",
    "LiberoHDF5",
    "QuestionData",
    "RecordedData",
    "Recordings",
]
