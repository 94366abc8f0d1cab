"""The perturbations by their names, for the command line."""

from vlareg.envs.perturbations.background_texture import BackgroundTexture
from vlareg.envs.perturbations.blends import ForegroundBlend, ImageBlend
from vlareg.envs.perturbations.camera import CameraAzimuth, CameraDistance
from vlareg.envs.perturbations.candidates import Candidates
from vlareg.envs.perturbations.distractors import Distractors
from vlareg.envs.perturbations.light import Light
from vlareg.envs.perturbations.moved_object import MovedObject
from vlareg.envs.perturbations.object_position import ObjectPosition
from vlareg.envs.perturbations.paraphrase import Paraphrase
from vlareg.envs.perturbations.perturbation import Perturbation
from vlareg.envs.perturbations.robot_pose import RobotPose
from vlareg.envs.perturbations.sensor_noise import SensorNoise
from vlareg.envs.perturbations.table_texture import TableTexture
from vlareg.envs.perturbations.unseen_object import UnseenObject
from vlareg.lookup import look_up

_VISION = (
    TableTexture,
    BackgroundTexture,
    Light,
    ImageBlend,
    ForegroundBlend,
    SensorNoise,
    CameraAzimuth,
    CameraDistance,
)
_SEMANTIC = (UnseenObject, Distractors, Candidates, Paraphrase)
_EXECUTION = (ObjectPosition, RobotPose, MovedObject)

PERTURBATIONS: dict[str, type[Perturbation]] = {kind.name: kind for kind in (*_VISION, *_SEMANTIC, *_EXECUTION)}


def find_perturbation(name: str) -> type[Perturbation]:
    """Return a perturbation's class by its name.

    Raises:
        ValueError: There is none of that name.

    Example:
        >>> find_perturbation("light").max_level
        3
    """
    return look_up("perturbation", name, PERTURBATIONS)
