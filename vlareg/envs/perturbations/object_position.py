"""The task's object where no demonstration has it."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float

from vlareg.envs.perturbations.episode_key import EpisodeKey
from vlareg.envs.perturbations.free_places import FreePlaces
from vlareg.envs.perturbations.perturbation import Perturbation
from vlareg.envs.perturbations.scene import Scene

ATTEMPTS = 1000
"""Places tried until there is none that is free."""


@dataclass(frozen=True)
class ObjectPosition(Perturbation):
    """Start the task's object 2 / 4 / 6 cm outside the region in which the demonstrations start it."""

    name: ClassVar[str] = "object_position"
    max_level: ClassVar[int] = 3
    distances: ClassVar[tuple[float, ...]] = (0.02, 0.04, 0.06)

    def change_start(self, scene: Scene, key: EpisodeKey) -> None:
        """Move the object.

        Raises:
            ValueError: The object does not start on a region of the table.
            RuntimeError: There is no free place at this distance.
        """
        corners, generator = _region(scene), key.generator(self.name)
        free = FreePlaces(scene, without=scene.item)
        position, radius = scene.position(scene.item), scene.radius(scene.item)
        for _ in range(ATTEMPTS):
            place = _outside(corners, self.distances[self.level - 1], generator)
            if free.has(place, radius):
                scene.move_item(np.array([*place, position[2]]))
                return
        raise RuntimeError(f"No free place {self.distances[self.level - 1]:g} m outside the region was found.")


def _region(scene: Scene) -> Float[np.ndarray, "2 2"]:
    """Return the lower and the upper corner of the region in which the task's object starts (m)."""
    problem = scene.problem.parsed_problem
    for predicate, *names in problem["initial_state"]:
        region = problem["regions"].get(names[-1])
        if predicate == "on" and names[0] == scene.item and region and region["ranges"]:
            return np.asarray(np.reshape(region["ranges"][0], (2, 2)) + scene.table[:2])
    raise ValueError(
        f"`perturbation` object_position is not for this task: no region of the table starts {scene.item}."
    )


def _outside(
    corners: Float[np.ndarray, "2 2"], distance: float, generator: np.random.Generator
) -> Float[np.ndarray, "2"]:
    """Draw a point at a distance (m) from one of a rectangle's four sides, outside."""
    place = generator.uniform(corners[0], corners[1])
    axis, end = generator.integers(2, size=2)
    place[axis] = corners[end, axis] + distance * (1 if end else -1)
    return np.asarray(place)
