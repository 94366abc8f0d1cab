"""Interrupting an evaluation and running it again neither loses nor repeats an episode.

`VLAREG_TEST_KILLS=20` interrupts it twenty times, as often as the project promises; fewer by default, for time.
"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tests.evaluation.fakes import FakePolicy, Fakes, Refusing
from tests.evaluation.killing import QUIET, run_and_kill
from vlareg.evaluation import Episode, EpisodeRecord, read_records
from vlareg.evaluation.campaign import Campaign

SETTINGS = {"suite": "counting", "seed": 3, "perturbation": "none", "batch_size": 2}
EPISODES = [Episode(task, init) for task in (0, 1) for init in range(12)]
KILLS = int(os.environ.get("VLAREG_TEST_KILLS", "4"))
SIGNALS = (signal.SIGKILL, signal.SIGINT, signal.SIGTERM, signal.SIGKILL)
MANY = [Episode(task, init) for task in (0, 1) for init in range(3 * KILLS)]

_PROGRAM = """
import sys
from pathlib import Path
from tests.evaluation.fakes import FakePolicy, Fakes
from tests.evaluation.test_campaign import MANY, SETTINGS
from vlareg.evaluation.campaign import Campaign
Campaign(Path(sys.argv[1]), SETTINGS, workers=2, videos=1).run(FakePolicy, Fakes(delay=0.01), MANY)
"""


def run(folder: Path, episodes: list[Episode] = EPISODES, fakes: Fakes | None = None, **options: object) -> FakePolicy:
    policy = FakePolicy()
    Campaign(folder, SETTINGS, workers=2, videos=0, **options).run(lambda: policy, fakes or Fakes(), episodes)
    return policy


def by_key(folder: Path) -> list[EpisodeRecord]:
    return sorted(read_records(folder / "episodes.jsonl"), key=lambda record: record.key)


def test_what_is_written(tmp_path: Path) -> None:
    run(tmp_path, EPISODES[:2])
    first, second = by_key(tmp_path)
    assert first == EpisodeRecord("counting", 0, 0, 3, True, 3, "go to 1")
    assert second.init_index == 1
    assert first.seconds is not None
    assert 0.0 < first.seconds < 60.0
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert (summary["successes"], summary["episodes"], summary["errors"], summary["rate"]) == (2, 2, 0, 1.0)
    assert summary["complete"] is True
    assert summary["settings"] == SETTINGS
    assert summary["tasks"][0]["instruction"] == "go to 1"


def test_loggers_are_told_the_rate_after_every_episode(tmp_path: Path) -> None:
    """By the number of episodes that have ended; a second run goes on there."""
    for end in (2, 3):
        run(tmp_path, EPISODES[:end], Fakes(raises=(1,)), loggers=["tensorboard"])
    events = EventAccumulator(str(tmp_path / "tensorboard/running"))
    events.Reload()
    written = {name: [(event.step, event.value) for event in events.Scalars(name)] for name in events.Tags()["scalars"]}
    assert written["rollout/success_rate"][-1] == (3, 1.0)
    assert written["rollout/errors"][-2:] == [(2, 1.0), (3, 1.0)]
    assert written.keys() == {f"rollout/{name}" for name in ("success_rate", "episodes", "errors", "steps_to_success")}


def test_a_second_run_only_runs_what_is_new(tmp_path: Path) -> None:
    run(tmp_path, EPISODES[:2])
    before = (tmp_path / "episodes.jsonl").read_text()
    assert run(tmp_path, EPISODES[:2]).seen == []
    assert (tmp_path / "episodes.jsonl").read_text() == before
    run(tmp_path, EPISODES[:3])
    assert (tmp_path / "episodes.jsonl").read_text().startswith(before)
    assert [record.init_index for record in by_key(tmp_path)] == [0, 1, 2]


def test_errors_are_run_again_on_request_only(tmp_path: Path) -> None:
    run(tmp_path, EPISODES[:3], Fakes(raises=(1,)))
    assert [record.success for record in by_key(tmp_path)] == [True, None, True]
    assert run(tmp_path, EPISODES[:3]).seen == []
    run(tmp_path, EPISODES[:3], retry_errors=True)
    assert [record.success for record in by_key(tmp_path)] == [True, True, True]
    assert json.loads((tmp_path / "summary.json").read_text())["errors"] == 0


def test_what_cannot_begin_leaves_no_record_and_no_complete_summary(tmp_path: Path) -> None:
    """However often the command is given."""
    for _ in range(2):
        with pytest.raises(ValueError, match="Task 1 cannot begin from initial state 0"):
            campaign = Campaign(tmp_path, {**SETTINGS, "batch_size": 1}, workers=1, videos=0)
            campaign.run(FakePolicy, Refusing("reset", task=1), [Episode(0, 0), Episode(1, 0)])
        assert [record.key for record in read_records(tmp_path / "episodes.jsonl")] == [(0, 0)]
        assert json.loads((tmp_path / "summary.json").read_text())["complete"] is False


@pytest.mark.parametrize("key", ["suite", "seed", "perturbation", "batch_size"])
def test_other_settings_are_refused_and_harm_nothing(tmp_path: Path, key: str) -> None:
    run(tmp_path, EPISODES[:1])
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    with pytest.raises(ValueError, match=f"another `{key}`"):
        Campaign(tmp_path, {**SETTINGS, key: 9}).run(FakePolicy, Fakes(), EPISODES[:1])
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_killed_again_and_again_every_episode_is_there_once(tmp_path: Path) -> None:
    """Killed, terminated or interrupted at random times; then run to the end."""
    run_and_kill(_PROGRAM, tmp_path, [SIGNALS[number % len(SIGNALS)] for number in range(KILLS)], within=0.1)
    assert KILLS <= len(read_records(tmp_path / "episodes.jsonl")) < len(MANY)
    subprocess.run([sys.executable, "-c", _PROGRAM, str(tmp_path)], check=True, **QUIET)
    lines = [json.loads(line) for line in (tmp_path / "episodes.jsonl").read_text().splitlines()]
    assert len(lines) == len(MANY)
    run(uninterrupted := tmp_path / "uninterrupted", MANY)
    assert by_key(tmp_path) == by_key(uninterrupted)
    assert len(list((tmp_path / "videos").iterdir())) == 2
