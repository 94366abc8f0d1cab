"""The suite's table, robot and cameras with a pool of its objects, to be posed directly: no physics is stepped."""

from typing import Any

import numpy as np

from vlareg.envs.libero_mini.tasks import FOLDER, TASKS, bddl_file
from vlareg.envs.libero_setup import import_libero

POOL = ("cube",) * 3 + ("cylinder",) * 2 + ("puck",) * 2 + ("block",) + ("plate",) * 2 + ("box",) * 2 + ("region",) * 3
"""The kinds of all objects of the model; a scene shows some of them."""
_REGION_SIZE = (0.12, 0.075, 0.001)
"""Half of a region's length, width and height (m)."""
_BASE_TASK = "push_the_purple_block_to_the_red_region"
"""A task without fixtures."""


class Stage:
    """The simulator's model, and where to find the objects of the pool in it: lists have an entry an object.

    Attributes:
        start: The arm's joints at a reset (rad).
        bodies: Numbers of the objects' bodies.
        geoms: Numbers of the visible geoms of each object.
        bottoms: Distance from an object's centre down to where it stands (m).
        tops: Distance from an object's centre up to its top (m).
        radii: Distance from an object's centre to its corner, seen from above (m).
        table: Height of the table top in the world frame (m).
    """

    def __init__(self) -> None:
        self.mujoco, self.model, self.start = _build()
        self.data = self.mujoco.MjData(self.model)
        pool, visible = range(len(POOL)), self.model.geom_group == 1
        self.bodies = [self.model.body(f"pool{i}_object").id for i in pool]
        self.geoms = [np.flatnonzero((self.model.geom_bodyid == body) & visible) for body in self.bodies]
        self.bottoms = [-self.model.site(f"pool{i}_bottom_site").pos[2] for i in pool]
        self.tops = [self.model.site(f"pool{i}_top_site").pos[2] for i in pool]
        corners = [self.model.site(f"pool{i}_horizontal_radius_site").pos for i in pool]
        self.radii = [float(np.hypot(corner[0], corner[1])) for corner in corners]
        self.update()
        self.table = float(self.data.site("table_top").xpos[2])

    def update(self) -> None:
        """Compute where everything is, after the model or the joints have changed."""
        for function in (self.mujoco.mj_kinematics, self.mujoco.mj_comPos, self.mujoco.mj_camlight):
            function(self.model, self.data)


def _build() -> tuple[Any, Any, tuple[float, ...]]:
    """Return MuJoCo, a model of a task with the pool in place of its objects, and the arm's joints at a reset (rad)."""
    import_libero()
    import mujoco
    from libero.libero.envs.env_wrapper import ControlEnv

    from vlareg.envs.libero_mini.problem import START_JOINTS

    file = str(bddl_file(TASKS.index(_BASE_TASK)))
    task = ControlEnv(file, use_camera_obs=False, has_renderer=False, has_offscreen_renderer=False)
    spec = mujoco.MjSpec.from_string(task.env.model.get_xml())
    task.close()
    free = mujoco.mjtJoint.mjJNT_FREE
    for body in [body for body in spec.bodies if any(joint.type == free for joint in body.joints)]:
        spec.detach_body(body)
    for index, kind in enumerate(POOL):
        part = _region(mujoco) if kind == "region" else mujoco.MjSpec.from_file(str(FOLDER / "assets" / f"{kind}.xml"))
        spec.worldbody.add_frame().attach_body(part.worldbody.first_body(), f"pool{index}_", "")
    return mujoco, spec.compile(), START_JOINTS


def _region(mujoco: Any) -> Any:
    """Return a region as an object like those of the suite."""
    length, width, height = _REGION_SIZE
    return mujoco.MjSpec.from_string(f"""<mujoco><worldbody><body>
        <body name="object"><geom type="box" size="{length} {width} {height}" group="1" contype="0"/></body>
        <site name="bottom_site"/><site name="top_site"/><site name="horizontal_radius_site" pos="{length} {width} 0"/>
        </body></worldbody></mujoco>""")
