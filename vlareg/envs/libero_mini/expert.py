"""A scripted expert: from privileged state to actions.

It is reactive. The action is a function of what the cameras show now (hand, fingers, object, target) and of no clock or
phase, so that a policy that sees single frames can learn it, and it recovers from whatever noise does to it.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float

Vector = Float[np.ndarray, "3"]

GAIN = 30.0
"""Command per metre of error (1/m); it saturates at 1, so the hand slows down over the last 3.3 cm."""

HOVER = 0.075
"""Height above its goal at which the hand travels (m)."""

FUNNEL_RADIUS, FUNNEL_SLOPE = 0.012, 4.0
"""Within this distance of the vertical axis (m) the hand may go all the way down; outside, the lowest height rises."""

RELEASE_RADIUS, RELEASE_HEIGHT = 0.03, 0.03
"""An object is let go this close to the target's axis (m) and below this height over its resting place (m)."""

TILT_ALLOWED = 0.15
"""The hand is turned back upright only beyond this angle (rad); the task alone never tilts it that far."""

TURN_SCALE = 0.5
"""Rotation of an action of 1 (rad)."""

DOWN = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, -1.0]])
"""Orientation of the hand that points straight down."""

OPEN, CLOSE = -1.0, 1.0


@dataclass(frozen=True)
class Scene:
    """What the expert sees.

    Args:
        hand: The point between the fingertips (m).
        item: Centre of the object (m).
        gripped: Whether both fingers touch the object.
        goal: Where the object's centre should come to rest (m).
        push: Whether the object is to be pushed, not carried.
        tilt: The rotation that the hand lacks to point straight down, as a rotation vector in the world (rad).
    """

    hand: Vector
    item: Vector
    gripped: bool
    goal: Vector
    push: bool
    tilt: Vector = field(default_factory=lambda: np.zeros(3))


def expert_action(scene: Scene) -> Float[np.ndarray, "7"]:
    """Return the action for a scene: translation (3), rotation (3, zero unless tilted), gripper; each in [-1, 1]."""
    way, gripper = _push(scene) if scene.push else _place(scene)
    turn = scene.tilt if np.linalg.norm(scene.tilt) > TILT_ALLOWED else np.zeros(3)
    return np.concatenate([np.clip(GAIN * way, -1.0, 1.0), np.clip(turn / TURN_SCALE, -1.0, 1.0), [gripper]])


def _push(scene: Scene) -> tuple[Vector, float]:
    """Lower the open hand over the object, then move on: the finger behind the object pushes it."""
    offset = scene.item - scene.hand
    if _within(offset, (0.022, 0.035, 0.02)):
        return np.array([offset[0], scene.goal[1] - scene.item[1], offset[2]]), OPEN
    return _down_to(scene.hand, scene.item), OPEN


def _place(scene: Scene) -> tuple[Vector, float]:
    """Grasp the object, carry it over the goal, let go of it while it goes down the last centimetres."""
    left = scene.goal - scene.item
    if np.linalg.norm(left[:2]) < RELEASE_RADIUS and left[2] > -RELEASE_HEIGHT:
        return _down_to(scene.item, scene.goal), OPEN
    offset = scene.item - scene.hand
    if not _within(offset, (0.02, 0.015, 0.014)):
        return _down_to(scene.hand, scene.item), OPEN
    return (_down_to(scene.item, scene.goal) if scene.gripped else offset), CLOSE


def _within(offset: Vector, limits: tuple[float, float, float]) -> bool:
    return bool(np.all(np.abs(offset) < limits))


def _down_to(point: Vector, goal: Vector) -> Vector:
    """Return the way (m) to a goal: over it at `HOVER`, then down a funnel; sideways as far as the height allows."""
    way = goal - point
    distance = float(np.linalg.norm(way[:2]))
    rise = way[2] + float(np.clip(FUNNEL_SLOPE * (distance - FUNNEL_RADIUS), 0.0, HOVER))
    sideways = np.clip(1.0 - (rise - 0.01) / 0.06, 0.0, 1.0)
    return np.array([*(sideways * way[:2]), rise])


class SceneReader:
    """Reads the expert's scene from a simulator of `libero_mini`.

    Args:
        simulator: One of LIBERO's environments, with a task of this suite.
    """

    def __init__(self, simulator: Any) -> None:
        self._env = simulator.env
        _, self._item, self._region = self._env.parsed_problem["goal_state"][0]
        self._push = self._region.startswith("main_table")

    def read(self) -> Scene:
        """Return the scene as it is now."""
        env, data = self._env, self._env.sim.data
        return Scene(
            hand=np.array(data.site_xpos[env.robots[0].eef_site_id]),
            item=np.array(data.body_xpos[env.obj_body_id[self._item]]),
            gripped=env._check_grasp(env.robots[0].gripper, env.objects_dict[self._item]),
            goal=self._goal(),
            push=self._push,
            tilt=_rotation_vector(DOWN @ data.site_xmat[env.robots[0].eef_site_id].reshape(3, 3).T),
        )

    def _goal(self) -> Vector:
        env = self._env
        region, size = env.sim.data.get_site_xpos(self._region), env.object_sites_dict[self._region].size
        surface = env.table_offset[2] if self._push else region[2] - size[2]
        return np.array([region[0], region[1], surface - env.objects_dict[self._item].bottom_offset[2]])


def _rotation_vector(rotation: Float[np.ndarray, "3 3"]) -> Vector:
    """Return axis times angle (rad) of a rotation by less than half a turn."""
    skew = (rotation - rotation.T) / 2.0
    axis = np.array([skew[2, 1], skew[0, 2], skew[1, 0]])
    sine = float(np.linalg.norm(axis))
    return axis * (np.arctan2(sine, (np.trace(rotation) - 1.0) / 2.0) / sine) if sine else axis
