"""Apply a perturbation to the episodes of one simulator."""

from typing import Any
from xml.etree import ElementTree

import numpy as np
from jaxtyping import Float, UInt8

from vlareg.envs.perturbations.episode_key import EpisodeKey
from vlareg.envs.perturbations.perturbation import Perturbation
from vlareg.envs.perturbations.scene import Scene


class Perturber:
    """Calls a perturbation's hooks at their times, anew in every episode.

    Args:
        perturbation: What to change; its level is above 0.
        scene: The simulator; its model is built anew with the perturbation's changes.
        seed: The evaluation's seed.
        task: Number of the task in its suite.

    Raises:
        ValueError: The perturbation is not for this task.
    """

    def __init__(self, perturbation: Perturbation, scene: Scene, seed: int, task: int) -> None:
        self._perturbation, self._scene, self._seed, self._task = perturbation, scene, seed, task
        self._joints = _joints(scene.model)
        self._nq, self._nv = scene.model.nq, scene.model.nv
        problem = scene.problem
        self._changed_model(problem.model.get_xml())  # an error shows here; LIBERO's reset would try again for ever
        problem.set_xml_processor(self._changed_model)
        problem.hard_reset = True  # once, for the resets to come keep the model
        scene.simulator.seed(seed)
        scene.simulator.reset()
        problem.hard_reset = False

    def begin(self, state: Float[np.ndarray, "state"], init_index: int) -> None:
        """Set an initial state in a simulator that was just reset, its model restored, and change what the perturbation changes.

        Args:
            state: Time (s), joint positions, joint velocities of the unchanged model.
            init_index: Number of the initial state.
        """
        self._key, self._step = EpisodeKey(self._seed, self._task, init_index), 0
        self._scene.simulator.set_init_state(self._with_added_joints(state))
        self._perturbation.change_start(self._scene, self._key)

    def before_step(self) -> None:
        """Change the state before an action is executed."""
        self._perturbation.before_step(self._scene, self._key, self._step)
        self._step += 1

    def change_frames(
        self, frames: UInt8[np.ndarray, "views height width 3"]
    ) -> UInt8[np.ndarray, "views height width 3"]:
        """Return what the policy sees."""
        return self._perturbation.change_frames(frames, self._scene, self._key, self._step)

    def reword(self, instruction: str) -> str:
        """Return what the policy is told."""
        return self._perturbation.reword(instruction, self._key)

    def _changed_model(self, xml: str) -> str:
        mjcf = ElementTree.fromstring(xml)
        self._perturbation.change_model(mjcf, self._scene)
        return ElementTree.tostring(mjcf, encoding="unicode")

    def _with_added_joints(self, state: Float[np.ndarray, "state"]) -> Float[np.ndarray, "longer_state"]:
        """Insert the added objects' joints as the reset left them."""
        data = self._scene.data
        if not _joints(self._scene.model)[: len(self._joints)] == self._joints:
            raise RuntimeError(f"{self._perturbation.name} moved the joints of the model, so no stored state fits it.")
        time, positions, velocities = np.split(state, [1, 1 + self._nq])
        return np.concatenate([time, positions, data.qpos[self._nq :], velocities, data.qvel[self._nv :]])


def _joints(model: Any) -> list[tuple[str, int, int]]:
    """Return names and addresses of a model's joints."""
    joints = [model.joint(index) for index in range(model.njnt)]
    return [(joint.name, int(joint.qposadr[0]), int(joint.dofadr[0])) for joint in joints]
