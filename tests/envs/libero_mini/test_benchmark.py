"""The suite is a LIBERO benchmark like LIBERO's own."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vlareg.envs.libero_mini.tasks import TASKS, bddl_file
from vlareg.envs.libero_setup import import_libero


@pytest.fixture(scope="module")
def libero() -> Any:
    """Return LIBERO with the suite registered."""
    return import_libero()


@pytest.fixture(scope="module")
def suite(libero: Any) -> Any:
    """Return the benchmark as LIBERO's users get it."""
    from libero.libero.benchmark import get_benchmark_dict

    return get_benchmark_dict()["libero_mini"]()


def test_libero_s_own_way_to_the_files_works(libero: Any, suite: Any) -> None:
    """Harnesses join the problem folder to LIBERO's folders, and read initial states with `torch.load`."""
    import torch

    assert suite.get_num_tasks() == suite.n_tasks == 10
    for index in range(10):
        task = suite.get_task(index)
        joined = os.path.join(libero.get_libero_path("bddl_files"), task.problem_folder, task.bddl_file)
        assert Path(joined).samefile(suite.get_task_bddl_file_path(index))
        states = os.path.join(libero.get_libero_path("init_states"), task.problem_folder, task.init_states_file)
        np.testing.assert_array_equal(torch.load(states, weights_only=False), suite.get_task_init_states(index))
    assert suite.get_task_demonstration(7) == "libero_mini/put_the_orange_cylinder_in_the_box_demo.hdf5"
    with pytest.raises(ValueError, match="`task_order_index` must be 0"):
        type(suite)(task_order_index=1)


def test_the_instruction_is_the_bddl_s(libero: Any) -> None:
    """Name, instruction and BDDL say the same."""
    from libero.libero.envs.bddl_utils import get_problem_info

    for index, name in enumerate(TASKS):
        info = get_problem_info(str(bddl_file(index)))
        assert info["language_instruction"] == name.replace("_", " ")
        assert info["problem_name"] == "libero_mini_tabletop"


def test_pairs_differ_in_instruction_and_goal_alone(libero: Any, suite: Any) -> None:
    """The scene's text and all fifty initial states are the same, so language decides."""
    from libero.libero.envs.bddl_utils import robosuite_parse_problem

    for task in range(0, 10, 2):
        one, other = (robosuite_parse_problem(str(bddl_file(twin))) for twin in (task, task + 1))
        assert {key for key in one if one[key] != other[key]} <= {
            "goal_state",
            "language_instruction",
            "obj_of_interest",
        }
        assert one["goal_state"] != other["goal_state"]
        np.testing.assert_array_equal(suite.get_task_init_states(task), suite.get_task_init_states(task + 1))


@pytest.fixture(scope="module")
def environment(suite: Any) -> Iterator[Any]:
    """Return LIBERO's own environment on one task, made with no argument of ours."""
    from libero.libero.envs import OffScreenRenderEnv

    environment = OffScreenRenderEnv(bddl_file_name=suite.get_task_bddl_file_path(0))
    yield environment
    environment.close()


def test_libero_s_own_environment_runs_it(environment: Any, suite: Any) -> None:
    """Its keys and shapes are LIBERO's, and its pictures show something."""
    environment.seed(0)
    environment.reset()
    observation = environment.set_init_state(suite.get_task_init_states(0)[0])
    for camera in ("agentview_image", "robot0_eye_in_hand_image"):
        assert observation[camera].shape == (128, 128, 3)
        assert observation[camera].std() > 20.0
    shapes = {"robot0_eef_pos": (3,), "robot0_eef_quat": (4,), "robot0_gripper_qpos": (2,), "robot0_joint_pos": (7,)}
    assert {key: observation[key].shape for key in shapes} == shapes
    observation, reward, done, _ = environment.step([0.0] * 7)
    assert (reward, done) == (0.0, False)


def test_an_observation_is_of_the_step_s_end(environment: Any) -> None:
    """Nothing lags: hand and picture are those of the state that was reached."""
    environment.reset()
    observation, _, _, _ = environment.step([1.0, 0.0, 0.0, 0.0, 0.0, 0.0, -1.0])
    site = environment.robots[0].eef_site_id
    np.testing.assert_array_equal(observation["robot0_eef_pos"], environment.sim.data.site_xpos[site])
    picture = environment.sim.render(width=128, height=128, camera_name="agentview")
    np.testing.assert_array_equal(observation["agentview_image"], picture)
