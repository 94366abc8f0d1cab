"""One task of a LIBERO suite, by the published protocol."""

import atexit
import gc
import os
import weakref
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8

from vlareg.envs.axis_angle import axis_angle
from vlareg.envs.init_states import read_init_states
from vlareg.envs.kept_model import KeptModel
from vlareg.envs.libero_mini.sign_boards import SignBoards
from vlareg.envs.libero_mini.think import THINK_SUITES, Boards
from vlareg.envs.libero_setup import import_libero, require_assets
from vlareg.envs.perturbations.perturbation import Perturbation
from vlareg.envs.perturbations.perturber import Perturber
from vlareg.envs.perturbations.scene import Scene
from vlareg.envs.reset_draws import ResetDraws
from vlareg.envs.suites import find_suite

WAITING_STEPS = 10
"""Environment steps before the policy's first one, in which objects settle."""

WAITING_ACTION = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, -1.0)
"""Stand still with the gripper open."""

SIMULATOR_HORIZON = 1000
"""Environment steps after which robosuite itself refuses to go on."""

CAMERAS = ("agentview", "robot0_eye_in_hand")
"""LIBERO's two views: over the table, and in the hand."""


@dataclass(frozen=True)
class Observation:
    """What a policy may see.

    Args:
        frames: One image per camera as LIBERO gives them, upside down.
        proprio: End-effector position (3, m), axis-angle (3, rad), gripper finger positions (2, m).
    """

    frames: UInt8[np.ndarray, "views height width 3"]
    proprio: Float[np.ndarray, "8"]


class LiberoEnv:
    """One task of a suite.

    An episode depends on (suite, task, init index, seed, perturbation) and the actions alone; not on the episodes
    before it.

    A reset keeps the model, which the published protocol builds anew; that changes no bit of states and images, and is 1.2 s
    faster on a suite of LIBERO's own.

    Args:
        suite: One of `SUITES`.
        task: The task's number in the suite.
        resolution: Width and height of an image (pixels).
        cameras: Cameras to render, in the order of `Observation.frames`; empty for none.
        seed: Seed of the fixtures' places (LIBERO's own suites; `libero_mini` has none that move) and of what the
            perturbation draws.
        perturbation: What is changed about the episodes; None or level 0 for nothing.

    Attributes:
        instruction: The task in words, of the present episode where the perturbation changes them or, as in
            `libero_mini_think`, each episode has its own (empty before the first).
        max_steps: After how many environment steps an episode ends.
        init_states: The stored initial states.
        simulator: LIBERO's own environment.
        raw: All that LIBERO observed last.

    Raises:
        ValueError: An argument is out of range.
        MissingAssetsError: The suite's meshes and textures are not on this machine.

    Example:
        >>> env = LiberoEnv("libero_mini", 0, resolution=64)
        >>> env.instruction
        'put the red cube on the plate'
        >>> env.reset(0).frames.shape
        (2, 64, 64, 3)
        >>> observation, success = env.step(np.zeros(7))
        >>> success
        False
        >>> env.close()
    """

    def __init__(
        self,
        suite: str,
        task: int,
        *,
        resolution: int = 128,
        cameras: tuple[str, ...] = CAMERAS,
        seed: int = 0,
        perturbation: Perturbation | None = None,
    ) -> None:
        described = find_suite(suite)
        if not 0 <= task < described.num_tasks:
            raise ValueError(f"`task` must be in 0..{described.num_tasks - 1} for {suite}, but got {task}.")
        if resolution < 1:
            raise ValueError(f"`resolution` must be > 0, but got {resolution}.")
        if perturbation is not None and _changes_images(perturbation) and not cameras:
            raise ValueError(f"`cameras` must not be empty with {perturbation.name}, which changes the images.")
        self.max_steps, self.cameras, self._seed = described.max_steps, tuple(cameras), seed
        libero = import_libero()
        require_assets(suite)
        from libero.libero.benchmark import get_benchmark
        from libero.libero.envs import OffScreenRenderEnv

        benchmark = get_benchmark(suite)()
        described_task = benchmark.get_task(task)
        folder = os.path.join(libero.get_libero_path("init_states"), described_task.problem_folder)
        self.init_states = read_init_states(os.path.join(folder, described_task.init_states_file))
        self.instruction = self._instruction = str(described_task.language)
        self.raw: dict[str, np.ndarray] = {}
        self.simulator: Any = OffScreenRenderEnv(
            bddl_file_name=benchmark.get_task_bddl_file_path(task),
            camera_names=list(self.cameras) or [CAMERAS[0]],
            camera_heights=resolution,
            camera_widths=resolution,
            use_camera_obs=bool(self.cameras),
            horizon=SIMULATOR_HORIZON,
            hard_reset=False,
        )
        self._resets = None if described.is_embedded else ResetDraws(self.simulator)
        self._closer = weakref.finalize(self, _close, self.simulator)
        self._closer.atexit = False
        atexit.register(self._closer)  # not by `finalize`: it has to come before EGL's own end
        scene = Scene(self.simulator, self.cameras)
        self._boards = SignBoards(scene, task) if suite in THINK_SUITES else None
        self._perturber: Perturber | None = None
        if perturbation is not None and perturbation.level > 0:
            self._perturber = Perturber(perturbation, scene, seed, task)
        self._kept_model = KeptModel(self.simulator)

    @property
    def num_init_states(self) -> int:
        """Number of stored initial states."""
        return len(self.init_states)

    def reset(self, init_index: int) -> Observation:
        """Start an episode from a stored initial state and let the objects settle.

        Args:
            init_index: Number of the initial state.

        Raises:
            ValueError: There is no such initial state.
        """
        if not 0 <= init_index < self.num_init_states:
            raise ValueError(f"`init_index` must be in 0..{self.num_init_states - 1}, but got {init_index}.")
        return self.reset_to(self.init_states[init_index], init_index)

    def reset_to(
        self, state: Float[np.ndarray, "state"], init_index: int = 0, boards: Boards | None = None
    ) -> Observation:
        """Start an episode from a simulator state.

        Args:
            state: Time (s), joint positions, joint velocities.
            init_index: Which episode it is to the fixtures of LIBERO's own suites, to a perturbation, and to the boards of
                `libero_mini_think`.
            boards: Boards of `libero_mini_think` instead of that episode's.

        Raises:
            ValueError: There are boards, but the suite has none.
        """
        if boards is not None and self._boards is None:
            raise ValueError("`boards` must be None for a suite without boards.")
        self.render(False)
        self._kept_model.restore()
        self.simulator.seed(self._seed)
        if self._resets is not None:
            self._resets.skip(init_index)
        self.simulator.reset()
        if self._boards is not None:
            self.instruction = self._instruction = self._boards.begin(init_index, boards)
        if self._perturber is None:
            self.simulator.set_init_state(state)
        else:
            self._perturber.begin(state, init_index)
            self.instruction = self._perturber.reword(self._instruction)
        for _ in range(WAITING_STEPS - 1):
            self.simulator.step(WAITING_ACTION)
        self.render(True)
        return self._advance(np.array(WAITING_ACTION))[0]

    def step(self, action: Float[np.ndarray, "7"]) -> tuple[Observation, bool]:
        """Advance by one environment step (0.05 s).

        Args:
            action: End-effector translation and rotation deltas and gripper, in [-1, 1]; gripper: -1 opens, +1 closes.

        Returns:
            The observation, and whether the task's goal holds.

        Raises:
            ValueError: The action is not 7 finite numbers.
        """
        action = np.asarray(action, dtype=np.float64)
        if action.shape != (7,) or not np.isfinite(action).all():
            raise ValueError(f"`action` must be 7 finite numbers, but got {action}.")
        if self._perturber is not None:
            self._perturber.before_step()
        return self._advance(action)

    def render(self, enabled: bool) -> None:
        """Say whether the steps to come render the cameras; frames of steps that do not are black."""
        simulation = self.simulator.sim
        simulation.__dict__.pop("render", None)
        if not enabled:
            simulation.render = _black  # disabling the observables would shift the times at which they are sampled

    def close(self) -> None:
        """Give back the simulator and its GL context."""
        self._closer()

    def _advance(self, action: Float[np.ndarray, "7"]) -> tuple[Observation, bool]:
        if self.cameras:  # another environment's GL context may be the current one of this process
            self.simulator.sim._render_context_offscreen.gl_ctx.make_current()
        self.raw, _, success, _ = self.simulator.step(action)
        return self._observation(), bool(success)

    def _observation(self) -> Observation:
        raw = self.raw
        pose = (raw["robot0_eef_pos"], axis_angle(raw["robot0_eef_quat"]), raw["robot0_gripper_qpos"])
        frames = [raw[f"{camera}_image"] for camera in self.cameras]
        pixels = np.stack(frames) if frames else np.empty((0, 0, 0, 3), np.uint8)
        if self._perturber is not None:
            pixels = self._perturber.change_frames(pixels)
        return Observation(pixels, np.concatenate(pose).astype(np.float32))


def _changes_images(perturbation: Perturbation) -> bool:
    return perturbation.level > 0 and type(perturbation).change_frames is not Perturbation.change_frames


def _close(simulator: Any) -> None:
    simulator.close()
    gc.collect()  # robosuite's GL context is freed with the last of a ring of objects


def _black(width: int, height: int, **_: Any) -> UInt8[np.ndarray, "height width 3"]:
    return np.zeros((height, width, 3), np.uint8)
