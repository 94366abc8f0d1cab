"""An arm that starts from another posture."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from vlareg.envs.perturbations.episode_key import EpisodeKey
from vlareg.envs.perturbations.perturbation import Perturbation
from vlareg.envs.perturbations.scene import Scene

CLEARANCE = 0.10
"""Least height of the fingertips over the table (m)."""

ATTEMPTS = 100
"""Postures tried until one is free of contacts."""


@dataclass(frozen=True)
class RobotPose(Perturbation):
    """Turn the arm's joints, in a random direction of the joint space, by 0.1 / 0.3 / 0.5 rad in total (L2 norm).

    The controller's goal is set to the new posture; it would turn the hand back otherwise, for it keeps the orientation
    of the reset.
    """

    name: ClassVar[str] = "robot_pose"
    max_level: ClassVar[int] = 3
    norms: ClassVar[tuple[float, ...]] = (0.1, 0.3, 0.5)

    def change_start(self, scene: Scene, key: EpisodeKey) -> None:
        """Set the episode's posture.

        Raises:
            RuntimeError: No posture is free of contacts.
        """
        robot, generator = scene.problem.robots[0], key.generator(self.name)
        joints = robot._ref_joint_pos_indexes
        start = np.array(scene.data.qpos[joints])
        for _ in range(ATTEMPTS):
            direction = generator.standard_normal(len(start))
            scene.data.qpos[joints] = start + self.norms[self.level - 1] * direction / np.linalg.norm(direction)
            scene.forward()
            if _is_free(scene):
                robot.controller.update_initial_joints(scene.data.qpos[joints])
                return
        raise RuntimeError(f"None of {ATTEMPTS} postures of the arm is free of contacts.")


def _is_free(scene: Scene) -> bool:
    robot, data = scene.problem.robots[0], scene.data
    ours = {*robot.robot_model.contact_geoms, *robot.gripper.contact_geoms}
    touches = any(scene.model.geom(geom).name in ours for contact in data.contact for geom in contact.geom)
    return bool(data.site_xpos[robot.eef_site_id][2] > scene.table[2] + CLEARANCE) and not touches
