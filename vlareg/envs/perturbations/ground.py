"""How high a table is at a place, which LIBERO's numbers only say roughly."""

import numpy as np
from jaxtyping import Float

from vlareg.envs.perturbations.scene import Scene

ABOVE = 0.5
"""The search begins this far above the table's nominal height, and ends as far below (m)."""

_THIN = 0.001  # m
_COLLISION = np.array([1, 0, 0, 0, 0, 0], np.uint8)  # robosuite's group of geoms that touch


def ground_height(scene: Scene, place: Float[np.ndarray, "2"], without: str | None = None) -> float:
    """Return the height of what lies uppermost at a place (m), the robot not counted.

    Args:
        scene: The scene.
        place: The place (m).
        without: An object that does not count either.
    """
    from mujoco import mj_ray  # here, for the backend has to be chosen before

    model, floor, hit = scene.model, float(scene.table[2]), np.array([-1], np.int32)
    robot = model.body_rootid[model.body("robot0_base").id]
    skipped = -1 if without is None else scene.problem.obj_body_id[without]
    height, down = floor + ABOVE, np.array([0.0, 0.0, -1.0])
    while height > floor - ABOVE:
        distance: float = mj_ray(model, scene.data, np.array([*place, height]), down, _COLLISION, 1, skipped, hit)
        if distance < 0.0:
            break  # nothing but the ground, whose geom is of another group
        height -= distance
        if model.body_rootid[model.geom_bodyid[hit[0]]] != robot:
            return height
        height -= _THIN
    return floor
