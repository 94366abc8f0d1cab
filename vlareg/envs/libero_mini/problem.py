"""The suite's problem class, which LIBERO finds by the name in the BDDL."""

import vlareg.envs.prepared_libero  # noqa: F401  # before LIBERO and robosuite

# isort: split
from typing import Any

import numpy as np
from libero.libero.envs.bddl_base_domain import TASK_MAPPING, register_problem
from libero.libero.envs.regions import REGION_SAMPLERS, Libero100TableRegionSampler
from robosuite.environments.manipulation.single_arm_env import SingleArmEnv
from robosuite.models.tasks import ManipulationTask

from vlareg.envs.libero_mini import boards, objects  # noqa: F401  # register what the BDDL names
from vlareg.envs.libero_mini.arena import MiniArena
from vlareg.envs.libero_mini.light_robot import draw_collision_shapes

START_JOINTS = (0.0, 0.147275486, 0.0, -2.235772510, 0.0, 2.383047996, np.pi / 4)
"""The arm's joint angles at a reset (rad): the hand points straight down, 22 cm above the table."""

for _problem in ("libero_mini_tabletop", "libero_mini_any_board"):
    REGION_SAMPLERS[_problem] = {"table": Libero100TableRegionSampler}

# Under the class's own name LIBERO's decorator leaves None.
_TableTop: Any = TASK_MAPPING["libero_tabletop_manipulation"]


class Libero_Mini_Tabletop(_TableTop):  # type: ignore[misc]  # LIBERO's way of naming problems
    """LIBERO's table-top problem on the arena, objects and robot of this package.

    Beside the assets it differs in two ways. What is observed after a step is the state at the end of the step, where
    robosuite's own observations are taken some milliseconds earlier, depending on what was observed before. And a soft
    reset clears the gripper's ramp.
    """

    def _load_model(self) -> None:
        SingleArmEnv._load_model(self)  # BDDLBaseDomain's would load the textured arena
        self.z_offset = 0.0  # of fixtures above the table (m)
        robot = self.robots[0]
        robot.init_qpos = np.array(START_JOINTS)
        robot.robot_model.set_base_xpos(robot.robot_model.base_xpos_offset["table"](self.table_full_size[0]))
        draw_collision_shapes(robot.robot_model)
        arena = MiniArena()
        self._load_fixtures_in_arena(arena)
        self._load_objects_in_arena(arena)
        self._load_sites_in_arena(arena)
        self._generate_object_state_wrapper()
        self._setup_placement_initializer(arena)
        self.objects, self.fixtures = list(self.objects_dict.values()), list(self.fixtures_dict.values())
        self.model = ManipulationTask(
            mujoco_arena=arena, mujoco_robots=[robot.robot_model], mujoco_objects=self.objects + self.fixtures
        )
        self.model.root.find("visual").extend(list(arena.visual))
        self.model.root.append(arena.statistic)

    def _reset_internal(self) -> None:
        super()._reset_internal()
        self.robots[0].gripper.current_action = np.zeros(self.robots[0].gripper.dof)
        for fixture in self.fixtures:  # its region is a point, to a micrometre: place it the same whatever the seed
            position = self.sim.model.body_pos[self.obj_body_id[fixture.name]]
            position[:] = np.round(position, 4)

    def _update_observables(self, force: bool = False) -> None:
        if force:
            super()._update_observables(force=True)

    def _post_action(self, action: np.ndarray) -> tuple[float, bool, dict[str, Any]]:
        self.sim.forward()
        self._update_observables(force=True)
        outcome: tuple[float, bool, dict[str, Any]] = super()._post_action(action)
        return outcome


class Libero_Mini_Any_Board(Libero_Mini_Tabletop):  # LIBERO's way of naming problems
    """The same, but where the goal is about a board, any other board will do."""

    def _check_success(self) -> bool:
        [(predicate, item, _)] = self.parsed_problem["goal_state"]
        regions = [f"{board}_top_region" for board in self.parsed_problem["fixtures"]["mini_board"]]
        return any(self._eval_predicate([predicate, item, region]) for region in regions)


register_problem(Libero_Mini_Tabletop)
register_problem(Libero_Mini_Any_Board)
