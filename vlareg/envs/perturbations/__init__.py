"""Changes of an episode that no demonstration shows, each at levels, for evaluation out of distribution."""

from vlareg.envs.perturbations.background_texture import BackgroundTexture
from vlareg.envs.perturbations.blends import ForegroundBlend, ImageBlend
from vlareg.envs.perturbations.by_name import PERTURBATIONS, find_perturbation
from vlareg.envs.perturbations.camera import CameraAzimuth, CameraDistance
from vlareg.envs.perturbations.candidates import Candidates
from vlareg.envs.perturbations.distractors import Distractors
from vlareg.envs.perturbations.episode_key import EpisodeKey
from vlareg.envs.perturbations.light import Light
from vlareg.envs.perturbations.moved_object import MovedObject
from vlareg.envs.perturbations.object_position import ObjectPosition
from vlareg.envs.perturbations.paraphrase import Paraphrase
from vlareg.envs.perturbations.perturbation import Perturbation
from vlareg.envs.perturbations.robot_pose import RobotPose
from vlareg.envs.perturbations.sensor_noise import SensorNoise
from vlareg.envs.perturbations.table_texture import TableTexture
from vlareg.envs.perturbations.unseen_object import UnseenObject

__all__ = [
    "PERTURBATIONS",
    "BackgroundTexture",
    "CameraAzimuth",
    "CameraDistance",
    "Candidates",
    "Distractors",
    "EpisodeKey",
    "ForegroundBlend",
    "ImageBlend",
    "Light",
    "MovedObject",
    "ObjectPosition",
    "Paraphrase",
    "Perturbation",
    "RobotPose",
    "SensorNoise",
    "TableTexture",
    "UnseenObject",
    "find_perturbation",
]
