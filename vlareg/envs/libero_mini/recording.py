"""Roll out the scripted expert with noise, and keep what LIBERO's demonstrations keep."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from vlareg.envs.axis_angle import axis_angle
from vlareg.envs.libero_env import LiberoEnv
from vlareg.envs.libero_mini.expert import SceneReader, expert_action
from vlareg.envs.libero_mini.init_states import draw_state
from vlareg.envs.libero_mini.recordable import Recordable
from vlareg.envs.libero_mini.think import Boards

PERSISTENCE = 0.8
"""Correlation of the noise from one environment step to the next, in [0, 1)."""

MAX_ATTEMPTS = 20
"""Failed episodes in a row after which something is wrong."""


class ExpertFailure(RuntimeError):
    """The expert did not solve a task in any of its attempts."""


@dataclass(frozen=True)
class Recording:
    """One successful episode.

    Args:
        arrays: Data sets by their names in LIBERO's HDF5; at step t `states` is before the action, `obs/...` after it.
        init_state: The simulator's state before the waiting steps; from it (and with the boards) `actions` reproduce the episode.
        model: The simulator's model as MJCF.
        attempts: How many episodes it took.
        boards: The boards on the table; None where the task has none.
    """

    arrays: dict[str, np.ndarray]
    init_state: np.ndarray
    model: str
    attempts: int
    boards: Boards | None


class ActionNoise:
    """Gaussian noise on the translations, correlated over time.

    Args:
        scale: Standard deviation (in units of the action, >= 0).
        generator: Where its randomness comes from.
    """

    def __init__(self, scale: float, generator: np.random.Generator) -> None:
        self._scale, self._generator, self._value = scale, generator, np.zeros(3)

    def __call__(self, action: np.ndarray) -> np.ndarray:
        """Return the action with the next noise added, clipped to [-1, 1]."""
        fresh = self._generator.normal(size=3) * self._scale * np.sqrt(1.0 - PERSISTENCE**2)
        self._value = PERSISTENCE * self._value + fresh
        return np.concatenate([np.clip(action[:3] + self._value, -1.0, 1.0), action[3:]])


def record(env: LiberoEnv, what: Recordable, seed: int, index: int, noise: float) -> Recording:
    """Record demonstration `index`; it depends on the arguments alone.

    Args:
        env: An environment of the suite and the task.
        what: What is demonstrated.
        seed: The recording's seed.
        index: Number of the demonstration.
        noise: Standard deviation of the noise on the executed translations (in units of the action).

    Raises:
        ExpertFailure: No attempt succeeded.
    """
    for attempt in range(MAX_ATTEMPTS):
        start = what.start_seed(seed, index * MAX_ATTEMPTS + attempt)
        env.render(False)
        state, boards = draw_state(env.simulator, start), what.boards(index, start)
        env.reset_to(state, boards=boards)
        steps = _episode(env, ActionNoise(noise, np.random.default_rng(start)))
        if steps is not None:
            arrays = {key: np.stack([step[key] for step in steps]) for key in steps[0]}
            return Recording(arrays, state, _model(env), attempt + 1, boards)
    raise ExpertFailure(
        f"{what.name}: with noise {noise} the expert failed {MAX_ATTEMPTS} times for demonstration {index}."
    )


def _model(env: LiberoEnv) -> str:
    """Return the model as MJCF, without what MuJoCo adds to meshes that it finds in its cache."""
    return re.sub(r' content_type="[^"]*"', "", env.simulator.sim.model.get_xml())


def _episode(env: LiberoEnv, noise: ActionNoise) -> list[dict[str, Any]] | None:
    reader, steps = SceneReader(env.simulator), []
    for _ in range(env.max_steps):
        before, label = env.simulator.get_sim_state(), expert_action(reader.read())
        action = noise(label)
        _, success = env.step(action)
        steps.append(_step(env, before, action, label, success))
        if success:
            return steps
    return None


def _step(env: LiberoEnv, before: np.ndarray, action: np.ndarray, label: np.ndarray, success: bool) -> dict[str, Any]:
    raw = env.raw
    orientation = axis_angle(raw["robot0_eef_quat"])
    return {
        "actions": action,
        "expert_actions": label,
        "states": before,
        "robot_states": env.simulator.env.get_robot_state_vector(raw),
        "rewards": np.uint8(success),
        "dones": np.uint8(success),
        "obs/agentview_rgb": raw["agentview_image"],
        "obs/eye_in_hand_rgb": raw["robot0_eye_in_hand_image"],
        "obs/ee_pos": raw["robot0_eef_pos"],
        "obs/ee_ori": orientation,
        "obs/ee_states": np.concatenate([raw["robot0_eef_pos"], orientation]),
        "obs/gripper_states": raw["robot0_gripper_qpos"],
        "obs/joint_states": raw["robot0_joint_pos"],
    }
