"""Noise of the camera's sensor."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import UInt8

from vlareg.envs.perturbations.episode_key import EpisodeKey
from vlareg.envs.perturbations.perturbation import Perturbation
from vlareg.envs.perturbations.scene import Scene


@dataclass(frozen=True)
class SensorNoise(Perturbation):
    """Add Gaussian noise to every value of every image, fresh in each step.

    Its standard deviation is 10 / 25 / 50 of 255 at level 1 / 2 / 3.
    """

    name: ClassVar[str] = "sensor_noise"
    max_level: ClassVar[int] = 3
    deviations: ClassVar[tuple[float, ...]] = (10.0, 25.0, 50.0)

    def change_frames(
        self, frames: UInt8[np.ndarray, "views height width 3"], scene: Scene, key: EpisodeKey, step: int
    ) -> UInt8[np.ndarray, "views height width 3"]:
        """Return the images with the step's noise."""
        noise = key.generator(self.name, step).standard_normal(frames.shape, dtype=np.float32)
        noisy = frames + np.float32(self.deviations[self.level - 1]) * noise
        return np.asarray(np.clip(np.round(noisy), 0, 255), np.uint8)
