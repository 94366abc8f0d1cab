"""The camera over the table, from elsewhere."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float

from vlareg.envs.perturbations.episode_key import EpisodeKey
from vlareg.envs.perturbations.perturbation import Perturbation
from vlareg.envs.perturbations.scene import Point, Scene

CAMERA = "agentview"
"""The camera that is moved; the one in the hand stays."""


@dataclass(frozen=True)
class CameraAzimuth(Perturbation):
    """Carry the camera around the table's middle, to the left or to the right, still looking there.

    The angle is 15 / 30 / 45 / 60 / 75 degrees at levels 1 to 5.
    """

    name: ClassVar[str] = "camera_azimuth"
    max_level: ClassVar[int] = 5
    angles: ClassVar[tuple[float, ...]] = (15.0, 30.0, 45.0, 60.0, 75.0)

    def change_start(self, scene: Scene, key: EpisodeKey) -> None:
        """Move the camera."""
        angle = np.radians(self.angles[self.level - 1]) * key.generator(self.name).choice([-1.0, 1.0])
        turn = np.array([[np.cos(angle), -np.sin(angle), 0.0], [np.sin(angle), np.cos(angle), 0.0], [0.0, 0.0, 1.0]])
        camera, middle = scene.model.camera(CAMERA), _looked_at(scene)
        camera.pos[:] = middle + turn @ (camera.pos - middle)
        camera.quat[:] = _product(np.array([np.cos(angle / 2), 0.0, 0.0, np.sin(angle / 2)]), camera.quat)


@dataclass(frozen=True)
class CameraDistance(Perturbation):
    """Move the camera away from the table along its line of sight: 1.25 / 1.5 / 2.0 times as far at level 1 / 2 / 3."""

    name: ClassVar[str] = "camera_distance"
    max_level: ClassVar[int] = 3
    factors: ClassVar[tuple[float, ...]] = (1.25, 1.5, 2.0)

    def change_start(self, scene: Scene, key: EpisodeKey) -> None:
        """Move the camera."""
        camera, middle = scene.model.camera(CAMERA), _looked_at(scene)
        camera.pos[:] = middle + self.factors[self.level - 1] * (camera.pos - middle)


def _looked_at(scene: Scene) -> Point:
    """Return where the camera's line of sight meets the table (m)."""
    place = np.array(scene.data.camera(CAMERA).xpos)
    sight = -scene.data.camera(CAMERA).xmat.reshape(3, 3)[:, 2]
    if sight[2] >= 0.0:
        raise RuntimeError(f"{CAMERA} does not look down on the table, so it cannot be moved around what it looks at.")
    middle: Point = place + sight * (scene.table[2] - place[2]) / sight[2]
    return middle


def _product(first: Float[np.ndarray, "4"], second: Float[np.ndarray, "4"]) -> Float[np.ndarray, "4"]:
    """Multiply two quaternions w, x, y, z."""
    (w, u), (a, v) = (first[0], first[1:]), (second[0], second[1:])
    return np.array([w * a - u @ v, *(w * v + a * u + np.cross(u, v))])
