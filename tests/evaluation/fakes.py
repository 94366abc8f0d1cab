"""A task and a policy without a simulator: the environment counts, the policy answers by what it sees."""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class FakeObservation:
    frames: np.ndarray
    proprio: np.ndarray


class FakeEnvironment:
    """Position moves by the first action value; the goal is position `task + 1`; the images show the position."""

    max_steps = 12

    def __init__(self, task: int) -> None:
        self.task = task
        self.instruction = f"go to {task + 1}"

    def _observation(self) -> FakeObservation:
        frames = np.zeros((2, 16, 16, 3), dtype=np.uint8)
        frames[0, 0, 0] = round(self.position * 10)
        frames[1, 0, 0] = self.init_index
        return FakeObservation(frames, np.full(8, self.position, np.float32))

    def reset(self, init_index: int) -> FakeObservation:
        self.init_index = init_index
        self.position = 0.1 * (init_index % 7)
        return self._observation()

    def step(self, action: np.ndarray) -> tuple[FakeObservation, bool]:
        self.position += float(action[0])
        return self._observation(), self.position >= self.task + 1

    def close(self) -> None:
        pass


@dataclass(frozen=True)
class Fakes:
    """A factory of fake environments, of which some fail on purpose, each at its second step.

    Args:
        raises: Initial states that raise whenever they are tried.
        dies: Initial states whose process ends.
        hangs: Initial states that never answer.
        once: A folder; where it is given, an initial state fails the first time only.
        delay: Least duration of a step (s).
        meet: A folder; where it is given, no environment begins before there are two processes.
    """

    raises: tuple[int, ...] = ()
    dies: tuple[int, ...] = ()
    hangs: tuple[int, ...] = ()
    once: str | None = None
    delay: float = 0.0
    meet: str | None = None

    def __call__(self, task: int) -> FakeEnvironment:
        if self.meet is not None:
            (Path(self.meet) / f"here-{os.getpid()}").touch()
            while len(list(Path(self.meet).glob("here-*"))) < 2:
                time.sleep(0.005)
        return _FailingEnvironment(task, self)


@dataclass(frozen=True)
class Refusing:
    """A factory of fake environments of which one task's raise a ValueError.

    Args:
        at: Where they do: "build", "reset" or "step".
        task: The task.
        folder: Gets a file for each time that it was tried; None for none.
    """

    at: str
    task: int = 0
    folder: str | None = None

    def __call__(self, task: int) -> FakeEnvironment:
        environment = _RefusingEnvironment(task, self)
        environment.refuse("build")
        return environment


class _RefusingEnvironment(FakeEnvironment):
    def __init__(self, task: int, plan: Refusing) -> None:
        super().__init__(task)
        self.plan = plan

    def refuse(self, at: str) -> None:
        if (at, self.task) == (self.plan.at, self.plan.task):
            if self.plan.folder is not None:
                (Path(self.plan.folder) / str(time.monotonic_ns())).touch()
            raise ValueError("`speed` must be > 0, but got 0.")

    def reset(self, init_index: int) -> FakeObservation:
        self.refuse("reset")
        return super().reset(init_index)

    def step(self, action: np.ndarray) -> tuple[FakeObservation, bool]:
        self.refuse("step")
        return super().step(action)


class _FailingEnvironment(FakeEnvironment):
    def __init__(self, task: int, plan: Fakes) -> None:
        super().__init__(task)
        self.plan = plan

    def reset(self, init_index: int) -> FakeObservation:
        self.count = 0
        return super().reset(init_index)

    def step(self, action: np.ndarray) -> tuple[FakeObservation, bool]:
        time.sleep(self.plan.delay * (1 + self.init_index % 3))
        self.count += 1
        if self.count == 2 and self._still_fails():
            if self.init_index in self.plan.raises:
                raise RuntimeError(f"state {self.init_index} cannot be simulated")
            if self.init_index in self.plan.dies:
                os._exit(7)
            if self.init_index in self.plan.hangs:
                time.sleep(60)
        return super().step(action)

    def _still_fails(self) -> bool:
        if self.plan.once is None:
            return True
        marker = Path(self.plan.once) / f"failed-{self.task}-{self.init_index}"
        failed_before = marker.exists()
        if self.init_index in self.plan.raises + self.plan.dies + self.plan.hangs:
            marker.touch()
        return not failed_before


class FakePolicy:
    """Step towards the goal, faster from odd positions; remember how often it was asked and with what."""

    def __init__(self, speed: float = 0.3) -> None:
        self.speed = speed
        self.batches: list[int] = []
        self.seen: list[tuple[str, int]] = []

    def act(self, frames: np.ndarray, instructions: Sequence[str], proprio: np.ndarray) -> np.ndarray:
        self.batches.append(len(frames))
        shown = frames[:, 0, 0, 0, 0]
        np.testing.assert_allclose(proprio[:, 0] * 10, shown, atol=0.51)  # each row has its own state
        self.seen += list(zip(instructions, shown.tolist(), strict=True))
        actions = np.zeros((len(frames), 7))
        actions[:, 0] = self.speed + 0.1 * (shown % 2)
        return actions
