"""An environment in a process of its own, and the parent's handle on it.

This module imports neither PyTorch nor a simulator. What the simulator needs comes with the factory: LIBERO's imports
PyTorch and Triton before there is a GL context (`vlareg.envs.libero_setup`), for Triton, imported after a software GL
context exists in the same process, segfaults.
"""

import multiprocessing
import os
import signal
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from vlareg.evaluation.interfaces import Environment, EnvironmentFactory, Episode, Proprio, Views
from vlareg.evaluation.render_devices import use_render_device

_CONTEXT = multiprocessing.get_context("spawn")  # a fork after EGL's initialisation crashes


class EnvironmentFailure(Exception):
    """An environment raised, crashed or stopped answering."""


@dataclass(frozen=True)
class Reply:
    """What a worker answers to a reset or a step.

    Args:
        frames: The observation's images.
        proprio: The robot's state.
        success: Whether the task is solved.
        instruction: The task's own instruction.
        max_steps: After how many environment steps an episode ends.
    """

    frames: Views
    proprio: Proprio
    success: bool
    instruction: str
    max_steps: int


class EnvProcess:
    """A worker process that holds one environment at a time, the one of the task it was last asked for.

    Args:
        factory: Makes the environment, in the worker.
        timeout: Longest time for one answer (s).
        render_device: Number of the EGL device that it renders on; None for EGL's choice.
        render_threads: Number of threads beside its own that it renders with where GL is Mesa's in software, unless the
            environment variable `LP_NUM_THREADS` says otherwise.
    """

    def __init__(
        self,
        factory: EnvironmentFactory,
        timeout: float,
        render_device: int | None = None,
        render_threads: int = 0,
    ) -> None:
        self.connection, child = _CONTEXT.Pipe()
        arguments = (child, factory, render_device, render_threads)
        self._process = _CONTEXT.Process(target=_serve, args=arguments, daemon=True)
        with _interrupts_blocked():
            self._process.start()
        child.close()  # or the end of the worker would not be seen as the end of the pipe
        self._timeout = timeout
        self._deadline = float("inf")

    def reset(self, episode: Episode) -> None:
        """Ask for the first observation of an episode."""
        self._send(("reset", episode.task, episode.init_index))

    def step(self, action: np.ndarray) -> None:
        """Ask for one environment step."""
        self._send(("step", action))

    @property
    def overdue(self) -> bool:
        """Whether the answer should have come by now."""
        return time.monotonic() > self._deadline and not self.connection.poll()

    def receive(self) -> Reply:
        """Return the answer to what was asked last.

        Raises:
            EnvironmentFailure: If there is none: the environment raised, the process died, or the time is over.
            ValueError: If the environment cannot begin the episode, and would refuse it again.
        """
        if self.overdue:
            raise EnvironmentFailure(f"the environment did not answer within {self._timeout:g} s")
        try:
            answer = self.connection.recv()
        except (EOFError, OSError) as error:  # an OSError where it was killed within a message
            self._process.join(timeout=5)
            code = self._process.exitcode
            raise EnvironmentFailure(f"the environment's process ended with exit code {code}") from error
        self._deadline = float("inf")
        if isinstance(answer, ValueError):
            raise answer
        if isinstance(answer, str):
            raise EnvironmentFailure(answer)
        return Reply(*answer)

    def close(self) -> None:
        """End the process, by force, since it may be stuck."""
        self.connection.close()
        self._process.kill()
        self._process.join()

    def _send(self, message: tuple[Any, ...]) -> None:
        self._deadline = time.monotonic() + self._timeout
        with suppress(ConnectionError):  # then `receive` finds the end of the pipe and reports the exit code
            self.connection.send(message)


@contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Let a process that is started now never see Ctrl-C, which is the parent's to handle: it inherits what is blocked."""
    resource_tracker.ensure_running()  # the first start would run it, and its start lets the signal through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(connection: Connection, factory: EnvironmentFactory, render_device: int | None, render_threads: int) -> None:
    os.environ.setdefault("LP_NUM_THREADS", str(render_threads))  # by itself each worker would take every core
    if render_device is not None:
        use_render_device(render_device)
    worker = _Worker(factory)
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere):  # simulators' prints would tear the parent's table
        try:
            while True:
                connection.send(worker.answer_or_error(*connection.recv()))
        except (EOFError, ConnectionError):
            worker.close()  # the parent is done, or gone


class _Worker:
    def __init__(self, factory: EnvironmentFactory) -> None:
        self._factory = factory
        self._task: int | None = None
        self._environment: Environment | None = None

    def answer_or_error(self, command: str, *arguments: Any) -> tuple[Any, ...] | str | ValueError:
        try:
            return self._answer(command, *arguments)
        except Exception as error:
            if command == "reset" and isinstance(error, ValueError):
                return _refusal(error, *arguments)
            return traceback.format_exc()

    def _answer(self, command: str, *arguments: Any) -> tuple[Any, ...]:
        if command == "reset":
            task, init_index = arguments
            environment = self._of_task(task)
            observation, success = environment.reset(init_index), False
        else:
            assert self._environment is not None
            environment = self._environment
            observation, success = environment.step(arguments[0])
        return observation.frames, observation.proprio, bool(success), environment.instruction, environment.max_steps

    def _of_task(self, task: int) -> Environment:
        if self._environment is None or self._task != task:
            self.close()
            self._environment, self._task = self._factory(task), task
        return self._environment

    def close(self) -> None:
        if self._environment is not None:
            self._environment.close()
            self._environment = None


def _refusal(error: ValueError, task: int, init_index: int) -> ValueError:
    refusal = ValueError(f"Task {task} cannot begin from initial state {init_index}: {error}")
    refusal.add_note(traceback.format_exc())
    return refusal
