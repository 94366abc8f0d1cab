"""The task's object, moved while the hand is on its way to it."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from vlareg.envs.perturbations.episode_key import EpisodeKey
from vlareg.envs.perturbations.free_places import FreePlaces
from vlareg.envs.perturbations.perturbation import Perturbation
from vlareg.envs.perturbations.scene import Scene

STEPS = (4, 8)
"""The object is moved before an action with a number in this range: the hand is still above it."""

ATTEMPTS = 1000
"""Directions tried until there is none in which the place is free."""


@dataclass(frozen=True)
class MovedObject(Perturbation):
    """Move the task's object by 2 / 4 / 6 cm on the table, once, some steps after the start."""

    name: ClassVar[str] = "moved_object"
    max_level: ClassVar[int] = 3
    distances: ClassVar[tuple[float, ...]] = (0.02, 0.04, 0.06)

    def change_start(self, scene: Scene, key: EpisodeKey) -> None:
        """Find the object now, so that a task without one is refused before its first step.

        Raises:
            ValueError: The goal is about nothing that can be moved.
        """
        scene.position(scene.item)

    def before_step(self, scene: Scene, key: EpisodeKey, step: int) -> None:
        """Move the object if it is time.

        Raises:
            RuntimeError: There is no free place at this distance.
        """
        generator = key.generator(self.name)
        if step != generator.integers(STEPS[0], STEPS[1] + 1):
            return
        position, distance = scene.position(scene.item), self.distances[self.level - 1]
        free, radius = FreePlaces(scene, without=scene.item), scene.radius(scene.item)
        for angle in generator.uniform(0.0, 2 * np.pi, ATTEMPTS):
            place = position[:2] + distance * np.array([np.cos(angle), np.sin(angle)])
            if free.has(place, radius):
                scene.move_item(np.array([*place, position[2]]))
                return
        raise RuntimeError(f"{scene.item} has no free place {distance:g} m away.")
