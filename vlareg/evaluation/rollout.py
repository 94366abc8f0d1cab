"""Roll a policy out in several environments at once: one queue of episodes, batches of whoever is ready."""

import os
import time
from collections import deque
from collections.abc import Callable, Collection, Generator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, cycle, islice
from multiprocessing.connection import wait
from typing import Literal

import numpy as np

from vlareg.evaluation.interfaces import EnvironmentFactory, Episode, EvaluationStopped, Policy, Views
from vlareg.evaluation.worker import EnvironmentFailure, EnvProcess, Reply

WORKERS = 8
"""How many environments run at once, where nothing else is said."""

ATTEMPTS = 2
"""How often an episode is tried when its environment fails."""

ERRORS_IN_A_ROW = 8
"""After that many episodes in a row without an outcome the simulator itself is taken to be broken."""

_PATIENCE = 1.0  # s that a batch that is not full waits for one more environment


@dataclass(frozen=True)
class Outcome:
    """How an episode ended.

    Args:
        episode: The episode.
        instruction: What the policy was told.
        success: Whether the goal held at some step; None if the environment failed.
        steps: Number of actions the policy took (environment steps).
        attempts: How often the episode was tried.
        error: Why the environment failed the last time, None if it did not.
        frames: The observations, the first one included, if they were asked for.
        seconds: Duration of the last attempt, with its waiting for the policy (s).
    """

    episode: Episode
    instruction: str
    success: bool | None
    steps: int
    attempts: int = 1
    error: str | None = None
    frames: list[Views] = field(default_factory=list, repr=False)
    seconds: float = 0.0


def rollout(
    policy: Policy,
    environments: EnvironmentFactory,
    episodes: Sequence[Episode],
    *,
    workers: int = WORKERS,
    batch_size: int = 4,
    keep_frames: Callable[[Episode], bool] = lambda episode: False,
    timeout: float = 600.0,
    render_devices: Sequence[int] | None = None,
) -> Generator[Outcome, None, None]:
    """Run episodes, and give each back as soon as it ends.

    Environments run in processes, and one that is done takes another episode of the queue: of its own task while there is
    one, since a task's environment takes seconds to build. The policy gets batches of those that wait for an action,
    always of `batch_size` rows (the last row is repeated to fill up), so that what an episode comes to does not depend on
    who shares its batches. An environment that raises, dies or hangs is restarted and its episode tried once more; if
    that fails too, the episode ends with an error and without a success. What cannot even begin, with a ValueError of the
    environment's making or reset, would not the next time either, and ends the roll-out.

    Where the policy gives chunks of actions, a whole chunk is executed open loop before it is asked again.

    Close the iterator (or exhaust it) to end the processes.

    Args:
        policy: Gives the actions.
        environments: Makes the environment of a task in a worker process; picklable.
        episodes: What to run.
        workers: Number of environments at once (> 0).
        batch_size: Number of rows in every call of the policy (> 0).
        keep_frames: Whether to keep an episode's observations.
        timeout: Longest time that an environment may take for one reset or step (s).
        render_devices: Numbers of the EGL devices (not in CUDA's order) that the workers render on, in turn; None for EGL's choice.

    Yields:
        The episodes in the order in which they end.

    Raises:
        ValueError: If `workers` or `batch_size` is not positive, an environment cannot begin an episode, or an action has
            the wrong shape or is not finite.
        EvaluationStopped: If the environments of many episodes in a row fail.
    """
    for name, value in (("workers", workers), ("batch_size", batch_size)):
        if value < 1:
            raise ValueError(f"`{name}` must be > 0, but got {value}.")
    workers = min(workers, len(episodes))
    threads = render_threads(_cores(), workers)
    devices = render_devices or (None,)
    starts = [partial(EnvProcess, environments, timeout, device, threads) for device in devices]
    seats = [_Seat(start) for start in islice(cycle(starts), workers)]
    try:
        yield from _run(policy, deque(episodes), seats, batch_size, keep_frames)
    finally:
        for seat in seats:
            seat.process.close()


def render_threads(cores: int, workers: int) -> int:
    """Return how many threads each worker renders with in software; with a core for each there are none but its own.

    Args:
        cores: Number of cores for all workers.
        workers: Number of workers.

    Example:
        >>> render_threads(8, 2), render_threads(8, 8), render_threads(2, 8)
        (4, 0, 0)
    """
    share = cores // max(1, workers)
    return share if share > 1 else 0


def _cores() -> int:
    """Return how many processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1  # not on macOS


def _run(
    policy: Policy, queue: deque[Episode], seats: list["_Seat"], batch_size: int, keep_frames: Callable[[Episode], bool]
) -> Generator[Outcome, None, None]:
    errors = 0
    for seat in seats:
        _begin_next(seat, seats, queue, keep_frames)
    while busy := [seat for seat in seats if seat.state != "idle"]:
        waiting = [seat for seat in busy if seat.state != "ready"]
        answered = wait([seat.process.connection for seat in waiting], timeout=_PATIENCE)
        for seat in waiting:
            if seat.process.connection not in answered and not seat.process.overdue:
                continue
            outcome = seat.take_answer()
            if outcome is not None:
                _begin_next(seat, seats, queue, keep_frames)
                errors = errors + 1 if outcome.error else 0
                yield outcome
                _stop_if_broken(errors, outcome)
        ready = sorted((seat for seat in busy if seat.state == "ready"), key=lambda seat: seat.ready_since)
        while len(ready) >= batch_size:
            _act(policy, ready[:batch_size], batch_size)
            ready = ready[batch_size:]
        company_comes = answered and any(seat.state == "stepping" for seat in busy)
        if ready and not company_comes:
            _act(policy, ready, batch_size)


def _begin_next(
    seat: "_Seat", seats: Sequence["_Seat"], queue: deque[Episode], keep_frames: Callable[[Episode], bool]
) -> None:
    if queue:
        episode = _next_episode(queue, seat.task, {other.task for other in seats if other is not seat})
        queue.remove(episode)
        seat.begin(episode, keep_frames(episode))


def _next_episode(queue: Collection[Episode], built: int | None, elsewhere: Collection[int | None]) -> Episode:
    """Return the first episode of the task that is built, else of one that nobody has built, else the first."""
    own = (episode for episode in queue if episode.task == built)
    new = (episode for episode in queue if episode.task not in elsewhere)
    return next(chain(own, new, queue))


def _stop_if_broken(errors: int, outcome: Outcome) -> None:
    if outcome.error and errors >= ERRORS_IN_A_ROW:
        raise EvaluationStopped(
            f"The environments of {errors} episodes in a row failed, so the simulator seems to be broken: "
            f"{outcome.error.splitlines()[-1]} (task {outcome.episode.task}, initial state {outcome.episode.init_index}). "
            "`--retry-errors` runs failed episodes again."
        )


def _act(policy: Policy, seats: list["_Seat"], batch_size: int) -> None:
    rows = [seats[min(row, len(seats) - 1)] for row in range(batch_size)]
    frames, proprio = np.stack([seat.frames for seat in rows]), np.stack([seat.proprio for seat in rows])
    actions = np.asarray(policy.act(frames, [seat.instruction for seat in rows], proprio))
    chunks = actions[:, None] if actions.ndim == 2 else actions
    if chunks.ndim != 3 or chunks.shape != (batch_size, max(1, chunks.shape[1]), 7):
        raise ValueError(
            f"The policy must return actions of shape ({batch_size}, 7), or chunks of them of shape "
            f"({batch_size}, horizon, 7), but got {actions.shape}."
        )
    for seat, chunk in zip(seats, chunks, strict=False):
        if not np.isfinite(chunk).all():
            raise ValueError(f"The policy's action for {seat.instruction!r} is not finite: {chunk}.")
        seat.execute(chunk)


class _Seat:
    """A place for one episode at a time: its process, and what the parent knows of the episode."""

    def __init__(self, start: Callable[[], EnvProcess]) -> None:
        self._start = start
        self.process = start()
        self.state: Literal["idle", "resetting", "stepping", "ready"] = "idle"
        self.task: int | None = None  # whose environment the process has built or is building

    def begin(self, episode: Episode, keep_frames: bool, attempt: int = 1) -> None:
        self.episode, self._keep_frames, self._attempt = episode, keep_frames, attempt
        self.task = episode.task
        self.instruction = episode.instruction or ""
        self.steps = 0
        self._planned: deque[np.ndarray] = deque()
        self._seen: list[Views] = []
        self._started = time.monotonic()
        self.process.reset(episode)
        self.state = "resetting"

    def execute(self, chunk: np.ndarray) -> None:
        self._planned = deque(chunk)
        self._step()

    def _step(self) -> None:
        self.process.step(self._planned.popleft())
        self.state = "stepping"

    def take_answer(self) -> Outcome | None:
        """Read what the process answered; return the outcome if that was the end of the episode."""
        try:
            reply = self.process.receive()
        except EnvironmentFailure as failure:
            return self._after(failure)
        if self.state == "resetting":
            self.instruction = self.episode.instruction or reply.instruction
        else:
            self.steps += 1
        self._see(reply)
        if reply.success or self.steps >= reply.max_steps:
            return self._end(reply.success)
        if self._planned:
            self._step()
        return None

    def _see(self, reply: Reply) -> None:
        self.frames, self.proprio = reply.frames, reply.proprio
        self.ready_since = time.monotonic()
        if self._keep_frames:
            self._seen.append(reply.frames)
        self.state = "ready"

    def _after(self, failure: EnvironmentFailure) -> Outcome | None:
        self.process.close()
        self.process, self.task = self._start(), None
        if self._attempt >= ATTEMPTS:
            return self._end(None, str(failure))
        self.begin(self.episode, self._keep_frames, self._attempt + 1)
        return None

    def _end(self, success: bool | None, error: str | None = None) -> Outcome:
        self.state = "idle"
        seconds = time.monotonic() - self._started
        return Outcome(self.episode, self.instruction, success, self.steps, self._attempt, error, self._seen, seconds)
