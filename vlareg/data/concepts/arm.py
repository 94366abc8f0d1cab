"""The robot's arm and gripper, moved by inverse kinematics."""

import numpy as np
from jaxtyping import Float

from vlareg.data.concepts.facts import OPENING_M
from vlareg.data.concepts.layout import TARGETS, Item
from vlareg.data.concepts.stage import Stage

_IK_STEPS, _IK_TRIES = 20, 6


class Arm:
    """Pose the arm of a stage.

    Args:
        stage: The simulator's model; its arm starts as at a reset, the gripper pointing down.
    """

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.joints = [stage.model.joint(f"robot0_joint{i}") for i in range(1, 8)]
        self.fingers = [stage.model.joint(f"gripper0_finger_joint{i}").qposadr[0] for i in (1, 2)]
        self.grip = stage.model.site("gripper0_grip_site").id
        self.move(np.array(stage.start))
        self.down = stage.data.site_xmat[self.grip].reshape(3, 3).copy()

    @property
    def position(self) -> Float[np.ndarray, "3"]:
        """The point between the fingers in the world frame (m)."""
        return np.array(self.stage.data.site_xpos[self.grip])

    @property
    def opening(self) -> float:
        """Distance between the fingers (m)."""
        first, second = self.stage.data.qpos[self.fingers]
        return float(first - second)

    def move(self, joints: Float[np.ndarray, "7"]) -> None:
        """Set the arm's joints (rad)."""
        self.stage.data.qpos[[joint.qposadr[0] for joint in self.joints]] = joints
        self.stage.update()

    def pose(self, items: list[Item], rng: np.random.Generator) -> int:
        """Move the gripper over the table or near an object, or let it hold one; return the held slot or -1."""
        movable = [slot for slot, item in enumerate(items) if item.kind not in TARGETS]
        held = movable[int(rng.integers(len(movable)))] if movable and rng.random() < 0.25 else -1
        opening = float(rng.choice([0.0, OPENING_M, rng.uniform(0.0, OPENING_M)], p=(0.3, 0.5, 0.2)))
        yaw = float(rng.normal(0, 0.3))
        for _ in range(_IK_TRIES):
            if self._reach(self._target(items, held, rng), np.array([*rng.normal(0, 0.05, 2), yaw])) < 0.01:
                break
        else:
            self.move(np.array(self.stage.start))
            yaw = 0.0
        if held >= 0:
            opening = self._width(items[held])
            items[held].position, items[held].yaw, items[held].on = self.position, yaw, -1
        self.stage.data.qpos[self.fingers] = (opening / 2, -opening / 2)
        return held

    def _width(self, item: Item) -> float:
        """Return how far the fingers are apart around an object (m)."""
        model, geom = self.stage.model, self.stage.geoms[item.pool][0]
        is_box = model.geom_type[geom] == self.stage.mujoco.mjtGeom.mjGEOM_BOX
        return 2 * float(model.geom_size[geom][: 2 if is_box else 1].min())

    def _target(self, items: list[Item], held: int, rng: np.random.Generator) -> Float[np.ndarray, "3"]:
        """Choose where the gripper goes: it, or what it holds, is above the table and above what lies there."""
        stage = self.stage
        target = np.array([*rng.uniform((-0.25, -0.3), (0.2, 0.3)), stage.table + rng.uniform(0.02, 0.28)])
        if rng.random() < 0.5:
            item = items[int(rng.integers(len(items)))]
            target = item.position + np.array([*rng.normal(0, 0.025, 2), rng.uniform(0.0, 0.15)])
        lowest = stage.table + 0.01
        for slot, item in enumerate(items):
            gap = float(np.hypot(*(target - item.position)[:2])) - stage.radii[item.pool]
            if slot != held and item.kind != "region" and gap < 0.04:
                lowest = max(lowest, float(item.position[2]) + stage.tops[item.pool] + 0.005)
        target[2] = max(target[2], lowest + (stage.bottoms[items[held].pool] if held >= 0 else 0.0))
        return target

    def _reach(self, target: Float[np.ndarray, "3"], turn: Float[np.ndarray, "3"]) -> float:
        """Move by damped least squares to a place (m), turned from pointing down (rad); return what is left (m)."""
        mujoco, model, data = self.stage.mujoco, self.stage.model, self.stage.data
        quat, wanted = np.zeros(4), np.zeros(9)
        mujoco.mju_axisAngle2Quat(quat, turn / np.linalg.norm(turn), np.linalg.norm(turn))
        mujoco.mju_quat2Mat(wanted, quat)
        goal = wanted.reshape(3, 3) @ self.down
        dofs, joints = [joint.dofadr[0] for joint in self.joints], np.array(self.stage.start)
        limits = np.stack([joint.range for joint in self.joints])
        jacobian = np.zeros((6, model.nv))
        self.move(joints)
        for _ in range(_IK_STEPS):
            now = data.site_xmat[self.grip].reshape(3, 3)
            error = np.concatenate([target - self.position, np.cross(now.T, goal.T).sum(axis=0) / 2])
            mujoco.mj_jacSite(model, data, jacobian[:3], jacobian[3:], self.grip)
            j = jacobian[:, dofs]
            step = j.T @ np.linalg.solve(j @ j.T + 1e-3 * np.eye(6), error)
            joints = np.clip(joints + step.clip(-0.3, 0.3), *limits.T)
            self.move(joints)
        return float(np.linalg.norm(target - self.position))
