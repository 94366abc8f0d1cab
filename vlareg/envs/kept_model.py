"""Keep a simulator's model over its resets, as if each of them had built it anew."""

from typing import Any

import numpy as np


class KeptModel:
    """A simulator's model as it was compiled, for resets that do not compile it again.

    LIBERO writes the places of fixtures and a burning stove's light into its model, perturbations write colours, lights and
    cameras, and the gripper's opening speed outlives a reset in robosuite 1.4.0. After `restore`, a reset finds nothing of
    these, and leaves the simulator as one that builds all anew would, to the last bit. Meshes and textures are not restored:
    nothing changes meshes, and who draws on a texture does so anew in each episode.

    Args:
        simulator: One of LIBERO's environments, just made, with `hard_reset=False`.
    """

    def __init__(self, simulator: Any) -> None:
        import mujoco  # here, for the backend has to be chosen before

        self._problem = simulator.env
        xml, change = self._problem.model.get_xml(), self._problem._xml_processor
        compiled = mujoco.MjModel.from_xml_string(change(xml) if change else xml)
        self._arrays = {name: np.array(array) for name, array in _arrays(compiled).items()}

    def restore(self) -> None:
        """Make model and gripper what a reset that builds them anew makes them."""
        for name, array in _arrays(self._problem.sim.model._model).items():
            array[...] = self._arrays[name]
        for robot in self._problem.robots:
            robot.gripper.current_action = np.zeros(robot.gripper.dof)
        self._problem.sim.reset = self._reset

    def _reset(self) -> None:
        simulation = self._problem.sim
        type(simulation).reset(simulation)
        for _ in range(2):  # as a new simulation and its new renderer; the solver starts from what it found last
            simulation.forward()


def _arrays(model: Any) -> dict[str, np.ndarray]:
    """Return views of a model's arrays that belong to no mesh and no texture, and of the light at the camera."""
    names = [name for name in dir(model) if not name.startswith(("_", "mesh_", "tex_"))]
    arrays = {name: array for name in names if isinstance(array := getattr(model, name), np.ndarray)}
    light = model.vis.headlight
    return {**arrays, **{f"headlight.{name}": getattr(light, name) for name in ("ambient", "diffuse", "specular")}}
