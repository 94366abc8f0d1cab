"""Which pixels show the robot or a thing, and not the table, the floor or a wall."""

import numpy as np
from jaxtyping import Bool, Int

from vlareg.envs.perturbations.scene import Scene

_ROBOT = ("robot0_", "gripper0_", "mount0_")  # robosuite's prefixes


def foreground(scene: Scene, camera: str, height: int, width: int) -> Bool[np.ndarray, "height width"]:
    """Return the mask of the robot, the objects and the fixtures in a camera's image, upside down as the image is.

    Args:
        scene: The scene.
        camera: The camera's name.
        height: The image's height (pixels).
        width: The image's width (pixels).
    """
    model = scene.model
    shown = np.append(_front(scene)[model.geom_bodyid], False)  # the last entry: no geom
    return np.asarray(shown[_geoms(scene, camera, height, width)])


def _geoms(scene: Scene, camera: str, height: int, width: int) -> Int[np.ndarray, "height width"]:
    """Return the number of the geom in every pixel, -1 where there is none."""
    from mujoco import mjtObj  # here, for the backend has to be chosen before

    context = scene.problem.sim._render_context_offscreen
    context.gl_ctx.make_current()
    context.render(width, height, camera_id=scene.model.camera(camera).id, segmentation=True)
    codes = context.read_pixels(width, height).astype(np.int64) @ [1, 2**8, 2**16]
    numbers = np.full(context.scn.ngeom + 1, -1)
    for geom in context.scn.geoms[: context.scn.ngeom]:
        if geom.segid != -1 and geom.objtype == mjtObj.mjOBJ_GEOM:
            numbers[geom.segid + 1] = geom.objid
    return np.asarray(numbers[np.where(codes <= context.scn.ngeom, codes, 0)])


def _front(scene: Scene) -> Bool[np.ndarray, "bodies"]:
    """Return which bodies are in front: the robot's, and those of LIBERO's things and of added objects."""
    model, problem = scene.model, scene.problem
    tables = {body for name, body in problem.obj_body_id.items() if name not in problem.object_states_dict}
    things = set(problem.obj_body_id.values()) - tables
    free = model.body_dofnum[model.body_rootid] > 0
    named = [model.body(index).name.startswith(_ROBOT) for index in range(model.nbody)]
    return np.asarray(free | np.isin(model.body_rootid, list(things)) | np.array(named))
