"""The light robot looks different and moves the same."""

from typing import Any

import mujoco
import numpy as np
import pytest

from vlareg.envs.libero_mini.light_robot import draw_collision_shapes
from vlareg.envs.libero_setup import import_libero


def _robot() -> Any:
    import_libero()
    import libero.libero.envs.robots  # noqa: F401  # registers the mounted Panda
    from robosuite.models.grippers import gripper_factory
    from robosuite.models.mounts import mount_factory
    from robosuite.models.robots import create_robot

    robot = create_robot("MountedPanda", idn=0)
    robot.add_mount(mount_factory(robot.default_mount, idn=0))
    robot.add_gripper(gripper_factory(robot.default_gripper, idn=0))
    return robot


@pytest.fixture(scope="module")
def models() -> tuple[Any, Any, Any]:
    """Return robosuite's robot compiled, the light one compiled, and its MJCF."""
    heavy, light = _robot(), _robot()
    draw_collision_shapes(light)
    return heavy.get_model(), light.get_model(), light


def test_it_has_a_fortieth_of_the_vertices(models: tuple[Any, Any, Any]) -> None:
    """That is where the rendering time goes."""
    heavy, light, _ = models
    assert heavy.nmeshvert > 40 * light.nmeshvert


def test_physics_are_the_same(models: tuple[Any, Any, Any]) -> None:
    """Masses, inertias, joints and collision geoms are untouched; a fall from rest ends at the same place."""
    heavy, light, _ = models
    for name in ("body_mass", "body_inertia", "dof_armature", "dof_damping", "jnt_range"):
        np.testing.assert_array_equal(getattr(heavy, name), getattr(light, name))
    solid = [
        [mujoco.mj_id2name(m, mujoco.mjtObj.mjOBJ_GEOM, i) for i in range(m.ngeom) if m.geom_group[i] == 0]
        for m in (heavy, light)
    ]
    assert solid[0] == solid[1]
    ends = []
    for model in (heavy, light):
        data = mujoco.MjData(model)
        for _ in range(50):
            mujoco.mj_step(model, data)
        ends.append(data.qpos.copy())
    np.testing.assert_array_equal(*ends)


def test_every_drawn_part_is_named_to_robosuite(models: tuple[Any, Any, Any]) -> None:
    """Segmentation asks for the visible geoms by these names."""
    _, model, light = models
    for part in (light, light.mount, *light.grippers.values()):
        for name in part.visual_geoms:
            index = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_GEOM, name)
            assert index >= 0
            assert model.geom_group[index] == 1
            assert model.geom_contype[index] == model.geom_conaffinity[index] == 0
