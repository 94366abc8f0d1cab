"""Places of a table where nothing stands and where nothing would be in the way of the task."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from vlareg.envs.perturbations.ground import ground_height
from vlareg.envs.perturbations.scene import Scene

REACH = (0.22, 0.22)
"""Objects are placed within this distance of the table's middle, towards the camera and sideways (m)."""

FINGER_ROOM = 0.045
"""Least gap between two objects (m): an open finger fits in."""

WAY_ROOM = 0.05
"""Least gap between an added object and the line along which the task's object travels (m)."""

UNEVEN = 0.003
"""Largest difference in height under an object (m)."""

ATTEMPTS = 1000
"""Places tried until a table is taken to be full."""

Place = Float[np.ndarray, "2"]
"""A place on the table (m)."""


@dataclass(frozen=True)
class Obstacle:
    """A rectangle on the table and everything within a radius of it.

    Args:
        centre: Its centre (m).
        half: Half of the rectangle's sides (m); zero for a circle.
        radius: How far around the rectangle the table is taken (m).
    """

    centre: Place
    half: Place
    radius: float

    def gap(self, place: Place) -> float:
        """Return the distance of a place from the rim (m); negative inside of a circle."""
        beyond = np.maximum(np.abs(place - self.centre) - self.half, 0.0)
        return float(np.linalg.norm(beyond)) - self.radius


class FreePlaces:
    """What is free on the table, given what stands on it: objects, fixtures, and the zones that the BDDL draws.

    Args:
        scene: The scene.
        without: An object that does not count.
    """

    def __init__(self, scene: Scene, without: str | None = None) -> None:
        self._scene, self._without = scene, without
        names = [name for name in scene.problem.obj_body_id if name != without]
        self.taken = [_thing(scene, name) for name in names if scene.radius(name) < max(REACH)]
        self.taken += [_zone(scene, name) for name in _zones(scene)]

    def has(self, place: Place, radius: float) -> bool:
        """Return whether something round could stand at a place: on even ground, with room for a finger around it."""
        if np.any(np.abs(place - self._scene.table[:2]) > REACH):
            return False
        return all(obstacle.gap(place) >= radius + FINGER_ROOM for obstacle in self.taken) and self._even(place, radius)

    def take(self, radius: float, generator: np.random.Generator) -> Place:
        """Draw a place beside the way of the task's object, and count it as taken from now on.

        Args:
            radius: Radius of what is to be placed (m).
            generator: Where the place comes from.

        Raises:
            RuntimeError: None was found.
        """
        for _ in range(ATTEMPTS):
            place: Place = self._scene.table[:2] + generator.uniform(-1.0, 1.0, 2) * REACH
            if _distance_to_way(self._scene, place) >= radius + WAY_ROOM and self.has(place, radius):
                self.taken.append(Obstacle(place, np.zeros(2), radius))
                return place
        raise RuntimeError(f"No free place of radius {radius:g} m was found on the table in {ATTEMPTS} draws.")

    def _even(self, place: Place, radius: float) -> bool:
        angles = np.arange(8) * np.pi / 4
        rim = place + radius * np.stack([np.cos(angles), np.sin(angles)], axis=-1)
        heights = [ground_height(self._scene, point, self._without) for point in (place, *rim)]
        return bool(np.ptp(heights) < UNEVEN)


def _thing(scene: Scene, name: str) -> Obstacle:
    return Obstacle(scene.position(name)[:2], np.zeros(2), scene.radius(name))


def _zone(scene: Scene, name: str) -> Obstacle:
    problem = scene.problem
    return Obstacle(problem.sim.data.get_site_xpos(name)[:2], problem.object_sites_dict[name].size[:2], 0.0)


def _zones(scene: Scene) -> list[str]:
    """Return the BDDL's visible zones on the table."""
    regions = scene.problem.parsed_problem["regions"]
    return [name for name, region in regions.items() if region["ranges"] and region["rgba"][3] > 0.0]


def _distance_to_way(scene: Scene, place: Place) -> float:
    """Return the distance to the line from the task's object to its goal (m); infinity where one has no place."""
    goal = scene.goal_position()
    if goal is None or not scene.has_item:
        return float("inf")
    start = scene.position(scene.item)[:2]
    along, beside = goal[:2] - start, place - start
    length = float(along @ along)
    part = np.clip(beside @ along / length, 0.0, 1.0) if length else 0.0
    return float(np.linalg.norm(beside - part * along))
