"""What a roll-out needs of a policy and of a simulator; it knows nothing else about either."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, UInt8

Views = UInt8[np.ndarray, "views height width 3"]
"""One observation's camera images exactly as the simulator gives them (LIBERO's are upside down)."""

Proprio = Float[np.ndarray, "8"]
"""One observation's robot state: end-effector position (3, m), axis-angle (3, rad), gripper finger positions (2, m)."""


@dataclass(frozen=True)
class Episode:
    """One episode to roll out.

    Args:
        task: Number of the task in its suite.
        init_index: Which of the task's stored initial states it starts from.
        instruction: What the policy is told; the task's own instruction where this is None.
    """

    task: int
    init_index: int
    instruction: str | None = None


class EvaluationStopped(RuntimeError):
    """The evaluation cannot go on here and now; the episodes that have ended are kept."""


class Policy(Protocol):
    """Something that maps observations to actions, a batch at a time."""

    def act(
        self,
        frames: UInt8[np.ndarray, "batch views height width 3"],
        instructions: Sequence[str],
        proprio: Float[np.ndarray, "batch 8"],
    ) -> Float[np.ndarray, "batch 7"] | Float[np.ndarray, "batch horizon 7"]:
        """Return one action per row, or a chunk to be executed open loop, in the simulator's convention (gripper: -1 opens, +1 closes)."""
        ...


@runtime_checkable
class Environment(Protocol):
    """One task of a suite in a simulator, as `vlareg.envs.LiberoEnv` is."""

    instruction: str
    max_steps: int

    def reset(self, init_index: int) -> Any:
        """Start an episode; the observation returned has the images in `frames` and the robot's state in `proprio`."""
        ...

    def step(self, action: Float[np.ndarray, "7"]) -> tuple[Any, bool]:
        """Advance by one environment step; return the observation and whether the task is solved."""
        ...

    def close(self) -> None:
        """Give back what the simulator holds."""
        ...


@runtime_checkable
class EnvironmentFactory(Protocol):
    """Makes an environment inside a worker process, so it has to be picklable."""

    def __call__(self, task: int) -> Environment:
        """Return the environment of a task."""
        ...
