"""The queue, the batches and the failures of a roll-out, with environments that only count."""

import os
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from tests.evaluation.fakes import FakeEnvironment, FakePolicy, Fakes, Refusing
from vlareg.evaluation import Episode, Outcome, rollout
from vlareg.evaluation.rollout import _cores

EPISODES = [Episode(task, init) for task in (0, 1) for init in range(5)]


def steps_of(outcomes: list[Outcome]) -> dict[tuple[int, int], int]:
    return {(outcome.episode.task, outcome.episode.init_index): outcome.steps for outcome in outcomes}


def test_every_episode_ends_once_and_as_it_does_alone() -> None:
    together = list(rollout(FakePolicy(), Fakes(delay=0.002), EPISODES, workers=3, batch_size=2))
    one_by_one = list(rollout(FakePolicy(), Fakes(), EPISODES, workers=1, batch_size=2))
    assert len(together) == len(EPISODES)
    assert steps_of(together) == steps_of(one_by_one)
    assert len(set(steps_of(together).values())) > 2
    assert all(outcome.success for outcome in together)


class _SaysThreads(Fakes):
    """Environments whose instruction is the number of threads that Mesa would rasterise with."""

    def __call__(self, task: int) -> FakeEnvironment:
        environment = super().__call__(task)
        environment.instruction = os.environ["LP_NUM_THREADS"]
        return environment


@dataclass(frozen=True)
class _NotesBuilds(Fakes):
    """Environments that leave a file for each time that one was built."""

    folder: str = ""

    def __call__(self, task: int) -> FakeEnvironment:
        (Path(self.folder) / f"{task}-{os.getpid()}-{time.monotonic_ns()}").touch()
        return super().__call__(task)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_worker_stays_with_its_task(workers: int, tmp_path: Path) -> None:
    mixed = [Episode(task, init) for init in range(5) for task in (0, 1)]
    fakes = _NotesBuilds(folder=str(tmp_path), delay=0.002)
    outcomes = list(rollout(FakePolicy(), fakes, mixed, workers=workers, batch_size=1))
    assert len(outcomes) == len(mixed)
    built = [path.name.split("-")[0] for path in tmp_path.iterdir()]
    # of two workers the first to be done may help with the other one's last episodes
    assert sorted(built) == ["0", "1"] if workers == 1 else 2 <= len(built) <= 3


def test_a_worker_without_work_helps_with_anothers_task(tmp_path: Path) -> None:
    one_task = [Episode(0, init) for init in range(4)]
    fakes = _NotesBuilds(folder=str(tmp_path), meet=str(tmp_path))
    assert len(list(rollout(FakePolicy(), fakes, one_task, workers=2, batch_size=1))) == 4
    assert len({path.name.split("-")[1] for path in tmp_path.glob("0-*")}) == 2


@pytest.mark.parametrize(("asked", "threads"), [(None, 3), ("5", 5)])
def test_workers_share_the_cores_for_rendering(
    asked: str | None, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(6)), raising=False)
    monkeypatch.delenv("LP_NUM_THREADS", raising=False)
    if asked is not None:
        monkeypatch.setenv("LP_NUM_THREADS", asked)
    outcomes = list(rollout(FakePolicy(), _SaysThreads(), EPISODES[:2], workers=2))
    assert {outcome.instruction for outcome in outcomes} == {str(threads)}


def test_where_the_system_does_not_say_which_cores_may_be_used_all_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 7)
    assert _cores() == 7


def test_every_batch_is_full() -> None:
    policy = FakePolicy()
    list(rollout(policy, Fakes(), EPISODES[:3], workers=2, batch_size=4))
    assert set(policy.batches) == {4}


def test_batches_are_shared(tmp_path: Path) -> None:
    """Two environments that begin together wait for each other, so there are about half as many calls as steps."""
    policy = FakePolicy(speed=0.0)
    outcomes = list(rollout(policy, Fakes(delay=0.002, meet=str(tmp_path)), EPISODES[:4], workers=2, batch_size=2))
    assert sum(outcome.steps for outcome in outcomes) == 4 * 12
    assert 24 <= len(policy.batches) <= 28


def test_an_episode_that_never_succeeds_fails_at_the_last_step() -> None:
    (outcome,) = rollout(FakePolicy(speed=0.0), Fakes(), [Episode(1, 0)])
    assert (outcome.success, outcome.steps, outcome.error) == (False, 12, None)


def test_the_policy_is_told_the_episodes_instruction() -> None:
    policy = FakePolicy()
    own, other = rollout(policy, Fakes(), [Episode(0, 0), Episode(0, 1, instruction="stay")], workers=1, batch_size=1)
    assert {instruction for instruction, _ in policy.seen} == {"go to 1", "stay"}
    assert (own.instruction, other.instruction) == ("go to 1", "stay")


def test_frames_are_kept_on_request() -> None:
    first, second = rollout(FakePolicy(), Fakes(), EPISODES[:2], workers=1, keep_frames=lambda e: e.init_index == 1)
    assert first.frames == []
    assert len(second.frames) == second.steps + 1
    assert [views[0, 0, 0, 0] for views in second.frames][:2] == [1, 5]


@pytest.mark.parametrize("kind", ["raises", "dies"])
def test_a_failing_environment_is_an_error_and_no_failure(kind: str) -> None:
    outcomes = {o.episode.init_index: o for o in rollout(FakePolicy(), Fakes(**{kind: (2,)}), EPISODES[:5], workers=2)}
    reason = {"raises": "state 2 cannot be simulated", "dies": "ended with exit code 7"}[kind]
    assert outcomes[2].success is None
    assert reason in (outcomes[2].error or "")
    assert [outcomes[i].success for i in (0, 1, 3, 4)] == [True] * 4


@pytest.mark.parametrize("kind", ["raises", "dies"])
def test_a_failure_that_does_not_come_back_leaves_no_trace(kind: str, tmp_path: Path) -> None:
    flaky = rollout(FakePolicy(), Fakes(**{kind: (0, 3)}, once=str(tmp_path)), EPISODES, workers=2)
    outcomes = list(flaky)
    assert steps_of(outcomes) == steps_of(list(rollout(FakePolicy(), Fakes(), EPISODES, workers=1)))
    assert {o.episode.init_index for o in outcomes if o.attempts == 2} == {0, 3}
    assert len(list(tmp_path.iterdir())) == 4


def test_after_a_failure_no_task_is_taken_to_be_built() -> None:
    """The new process has built none, so the first episode of the queue is next."""
    queue = [Episode(0, 2), Episode(1, 0), Episode(0, 1)]
    ended = [outcome.episode for outcome in rollout(FakePolicy(), Fakes(raises=(2,)), queue, workers=1)]
    assert ended == queue


@pytest.mark.parametrize("at", ["build", "reset"])
def test_what_cannot_begin_ends_the_roll_out_without_a_second_try(at: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="Task 0 cannot begin from initial state 0: `speed` must be > 0"):
        list(rollout(FakePolicy(), Refusing(at, folder=str(tmp_path)), EPISODES, workers=1))
    assert len(list(tmp_path.iterdir())) == 1


def test_a_value_error_on_the_way_is_an_error_of_the_episode(tmp_path: Path) -> None:
    outcomes = rollout(FakePolicy(), Refusing("step", folder=str(tmp_path)), [Episode(0, 0), Episode(1, 0)], workers=1)
    assert [(outcome.success, outcome.attempts) for outcome in outcomes] == [(None, 2), (True, 1)]


def test_an_environment_that_hangs_is_an_error() -> None:
    (outcome,) = rollout(FakePolicy(), Fakes(hangs=(1,)), [Episode(0, 1)], timeout=2.0)
    assert outcome.success is None
    assert "did not answer within 2 s" in (outcome.error or "")


def test_a_broken_simulator_stops_the_roll_out() -> None:
    broken = Fakes(raises=tuple(range(20)))
    ended = []
    with pytest.raises(
        RuntimeError, match=r"8 episodes in a row failed.*RuntimeError: .* simulated .*`--retry-errors`"
    ):
        ended.extend(rollout(FakePolicy(), broken, [Episode(0, i) for i in range(20)], workers=2))


class _NotFinite(FakePolicy):
    def act(self, frames, instructions, proprio):  # type: ignore[no-untyped-def]
        return np.full((len(frames), 7), np.nan)


class _OneForAll(FakePolicy):
    def act(self, frames, instructions, proprio):  # type: ignore[no-untyped-def]
        return np.zeros(7)


@pytest.mark.parametrize(
    ("policy", "message"),
    [(_NotFinite(), "is not finite"), (_OneForAll(), r"shape \(4, 7\), or .* \(4, horizon, 7\), but got \(7,\)")],
)
def test_a_broken_policy_is_not_a_failed_episode(policy: FakePolicy, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        list(rollout(policy, Fakes(), EPISODES))


class _Chunks(FakePolicy):
    """Gives three actions at once, the last two slower."""

    def act(self, frames, instructions, proprio):  # type: ignore[no-untyped-def]
        actions = super().act(frames, instructions, proprio)
        return np.stack([actions, actions / 2, actions / 2], axis=1)


def test_a_chunk_is_executed_open_loop() -> None:
    """0.3 + 0.15 + 0.15, then the policy sees the position 6; it succeeds in the middle of the second chunk."""
    policy = _Chunks()
    first, second = rollout(policy, Fakes(), [Episode(0, 0), Episode(0, 0)], workers=1, batch_size=1)
    assert (first.success, first.steps) == (True, 5)
    assert [shown for _, shown in policy.seen] == [0, 6, 0, 6]
    assert second.steps == first.steps
    (failed,) = rollout(_Chunks(speed=0.0), Fakes(), [Episode(1, 0)], batch_size=1)
    assert (failed.success, failed.steps) == (False, 12)


def test_chunks_do_not_depend_on_company_and_survive_a_crash(tmp_path: Path) -> None:
    alone = steps_of(list(rollout(_Chunks(), Fakes(), EPISODES, workers=1, batch_size=2)))
    flaky = Fakes(dies=(0, 3), once=str(tmp_path), delay=0.002)
    assert steps_of(list(rollout(_Chunks(), flaky, EPISODES, workers=3, batch_size=2))) == alone


@pytest.mark.parametrize("wrong", ["workers", "batch_size"])
def test_counts_must_be_positive(wrong: str) -> None:
    with pytest.raises(ValueError, match=f"`{wrong}` must be > 0, but got 0"):
        list(rollout(FakePolicy(), Fakes(), EPISODES, **{wrong: 0}))


def test_closing_ends_the_processes() -> None:
    import multiprocessing

    with closing(rollout(FakePolicy(), Fakes(), EPISODES, workers=2)) as outcomes:
        next(outcomes)
        assert len(multiprocessing.active_children()) == 2
    started = time.monotonic()
    while multiprocessing.active_children() and time.monotonic() - started < 5:
        time.sleep(0.01)
    assert multiprocessing.active_children() == []
