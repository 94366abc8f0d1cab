"""A simulator's scene as perturbations see and change it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8

Point = Float[np.ndarray, "3"]
"""A place in the world (m)."""


@dataclass(frozen=True)
class Scene:
    """A simulator after a reset.

    Args:
        simulator: One of LIBERO's environments.
        cameras: The cameras whose images the policy sees.
    """

    simulator: Any
    cameras: tuple[str, ...]

    @property
    def problem(self) -> Any:
        """LIBERO's problem: objects, regions, goal, robot."""
        return self.simulator.env

    @property
    def model(self) -> Any:
        """MuJoCo's compiled model."""
        return self.problem.sim.model._model

    @property
    def data(self) -> Any:
        """MuJoCo's state."""
        return self.problem.sim.data._data

    def forward(self) -> None:
        """Compute what follows from a changed state."""
        self.problem.sim.forward()

    def upload_texture(self, name: str, pixels: UInt8[np.ndarray, "height width 3"]) -> None:
        """Overwrite a texture of the model, in the renderer too.

        Args:
            name: The texture's name.
            pixels: As many as the texture has.
        """
        import mujoco  # here, for the backend has to be chosen before

        texture = self.model.texture(name)
        start = int(texture.adr[0])
        self.model.tex_data[start : start + pixels.size] = pixels.reshape(-1)
        context = self.problem.sim._render_context_offscreen
        context.gl_ctx.make_current()
        mujoco.mjr_uploadTexture(self.model, context.con, texture.id)

    def position(self, body: str) -> Point:
        """Return a copy of the place of an object or fixture (m)."""
        return np.array(self.data.xpos[self.problem.obj_body_id[body]])

    @property
    def table(self) -> Point:
        """The middle of the surface on which the objects stand (m)."""
        return np.array(self.problem.workspace_offset, dtype=np.float64)

    def move(self, joint: str, position: Point, quaternion: Float[np.ndarray, "4"] | None = None) -> None:
        """Put a free object somewhere, at rest.

        Args:
            joint: Name of its free joint.
            position: Of its centre (m).
            quaternion: w, x, y, z; where it is not given, the object stays turned as it is.
        """
        free = self.data.joint(joint)
        free.qpos[:3], free.qvel[:] = position, 0.0
        if quaternion is not None:
            free.qpos[3:] = quaternion

    def radius(self, thing: str) -> float:
        """Return the radius of the circle that an object or fixture stays in, seen from above (m)."""
        return float(self.problem.get_object(thing).horizontal_radius)

    def move_item(self, position: Point) -> None:
        """Put the task's object somewhere, at rest and turned as it is; its centre is given (m)."""
        self.move(self.problem.objects_dict[self.item].joints[-1], position)
        self.forward()

    def goal_position(self) -> Point | None:
        """Return where the goal wants the object: the place of a zone or a thing (m), None where there is no place."""
        name, problem = self.problem.parsed_problem["goal_state"][0][-1], self.problem
        if name in problem.object_sites_dict:
            return np.array(problem.sim.data.get_site_xpos(name))
        return self.position(name) if name in problem.obj_body_id else None

    @property
    def item(self) -> str:
        """The object that the goal is about: the first of the goal's that can be moved.

        Raises:
            ValueError: The goal is about fixtures alone.
        """
        if self.has_item:
            return self._goal_objects[0]
        raise ValueError("`perturbation` is not for this task: its goal is about nothing that can be moved.")

    @property
    def has_item(self) -> bool:
        """Whether the goal is about an object that can be moved."""
        return bool(self._goal_objects)

    @property
    def _goal_objects(self) -> list[str]:
        names = [name for condition in self.problem.parsed_problem["goal_state"] for name in condition[1:]]
        return [name for name in names if name in self.problem.objects_dict]
