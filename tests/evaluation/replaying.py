"""Recorded episodes, and what runs them again: the scripted expert's actions on the embedded suite, without any image."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vlareg.envs import LiberoEnv
from vlareg.envs.libero_mini.expert import SceneReader, expert_action
from vlareg.envs.libero_mini.recording import ActionNoise

Key = tuple[int, int]
"""Task and initial state."""


@dataclass(frozen=True)
class Recorded:
    """An episode.

    Args:
        actions: What was executed, up to the step that succeeded.
        state: The simulator's state at the end: time (s), joint positions, joint velocities.
    """

    actions: np.ndarray
    state: np.ndarray


def record_episodes(keys: Sequence[Key]) -> dict[Key, Recorded]:
    """Record the expert with noise; the keys are sorted by tasks, and it succeeds in all."""
    found: dict[Key, Recorded] = {}
    for task in sorted({task for task, _ in keys}):
        env = LiberoEnv("libero_mini", task, cameras=())
        for key in keys:
            if key[0] == task:
                found[key] = _record(env, *key)
        env.close()
    return found


def _record(env: LiberoEnv, task: int, init_index: int) -> Recorded:
    env.reset(init_index)
    reader, noise = SceneReader(env.simulator), ActionNoise(0.25, np.random.default_rng([task, init_index]))
    actions: list[np.ndarray] = []
    for _ in range(env.max_steps):
        actions.append(noise(expert_action(reader.read())))
        if env.step(actions[-1])[1]:
            return Recorded(np.stack(actions), env.simulator.get_sim_state())
    raise AssertionError(f"the expert failed in task {task} from initial state {init_index}")


@dataclass(frozen=True)
class Sight:
    """What the replaying policy sees instead of an image."""

    frames: np.ndarray
    proprio: np.ndarray


class ReplayEnvironment:
    """A task whose observation says which episode it is and how many steps it is old; it keeps the final states in files."""

    def __init__(self, task: int, folder: Path) -> None:
        self._env, self._task, self._folder = LiberoEnv("libero_mini", task, cameras=()), task, folder
        self.instruction, self.max_steps = self._env.instruction, self._env.max_steps

    def reset(self, init_index: int) -> Sight:
        """Start an episode."""
        self._env.reset(init_index)
        self._init_index, self._step = init_index, 0
        return self._sight()

    def step(self, action: np.ndarray) -> tuple[Sight, bool]:
        """Advance; at the goal, write down the state."""
        _, success = self._env.step(action)
        self._step += 1
        if success:
            np.save(self._folder / state_file(self._task, self._init_index), self._env.simulator.get_sim_state())
        return self._sight(), success

    def close(self) -> None:
        """Give back the simulator."""
        self._env.close()

    def _sight(self) -> Sight:
        return Sight(np.array([self._task, self._init_index, self._step], np.uint8).reshape(1, 1, 1, 3), np.zeros(8))


@dataclass(frozen=True)
class Replays:
    """Makes these environments.

    Args:
        folder: Where the final states go.
    """

    folder: Path

    def __call__(self, task: int) -> ReplayEnvironment:
        """Return a task's environment."""
        return ReplayEnvironment(task, self.folder)


class ReplayPolicy:
    """Executes stored actions.

    Args:
        actions: The actions of every episode.
    """

    def __init__(self, actions: dict[Key, np.ndarray]) -> None:
        self._actions = actions

    def act(self, frames: np.ndarray, instructions: Sequence[str], proprio: np.ndarray) -> np.ndarray:
        """Return the action that was stored for the step."""
        rows = frames[:, 0, 0, 0].tolist()
        return np.stack([self._actions[task, init_index][step] for task, init_index, step in rows])


def state_file(task: int, init_index: int) -> str:
    """Return the name of an episode's final state."""
    return f"state-{task}-{init_index}.npy"
