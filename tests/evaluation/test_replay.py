"""Stored actions reproduce an episode to the last bit of its final state, alone, beside others, and after a kill.

`VLAREG_TEST_EPISODES=20` replays twenty episodes, as many as the project promises; fewer by default, for time.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.evaluation.killing import QUIET, run_and_kill
from tests.evaluation.replaying import Key, Recorded, ReplayPolicy, Replays, record_episodes, state_file
from vlareg.evaluation import Episode, read_records, rollout

COUNT = int(os.environ.get("VLAREG_TEST_EPISODES", "6"))
KEYS = [(task, init_index) for task in (0, 9) for init_index in range(COUNT // 2)]

_PROGRAM = """
import sys
from pathlib import Path
import numpy as np
from tests.evaluation.replaying import ReplayPolicy, Replays
from vlareg.evaluation import Episode
from vlareg.evaluation.campaign import Campaign
folder = Path(sys.argv[1])
stored = dict(np.load(folder / "actions.npz"))
actions = {tuple(map(int, name.split("-"))): values for name, values in stored.items()}
settings = {"suite": "libero_mini", "seed": 0, "perturbation": "none", "batch_size": 2}
campaign = Campaign(folder, settings, workers=2, videos=0)
campaign.run(lambda: ReplayPolicy(actions), Replays(folder), [Episode(*key) for key in actions])
"""


@pytest.fixture(scope="module")
def recorded() -> dict[Key, Recorded]:
    """Return episodes of a task of putting and one of pushing."""
    return record_episodes(KEYS)


def assert_states(folder: Path, recorded: dict[Key, Recorded]) -> None:
    for key, episode in recorded.items():
        np.testing.assert_array_equal(np.load(folder / state_file(*key)), episode.state)


def test_alone(tmp_path: Path, recorded: dict[Key, Recorded]) -> None:
    """One process, one episode after the other, in another order than they were recorded in."""
    policy = ReplayPolicy({key: episode.actions for key, episode in recorded.items()})
    episodes = [Episode(*key) for key in reversed(KEYS)]
    outcomes = list(rollout(policy, Replays(tmp_path), episodes, workers=1, batch_size=1))
    assert [outcome.success for outcome in outcomes] == [True] * len(KEYS)
    assert [outcome.steps for outcome in outcomes] == [len(recorded[key].actions) for key in reversed(KEYS)]
    assert_states(tmp_path, recorded)


def test_in_two_processes_killed_and_resumed(tmp_path: Path, recorded: dict[Key, Recorded]) -> None:
    """Each episode has one record, with the recorded number of steps, and its final state."""
    np.savez(tmp_path / "actions.npz", **{f"{task}-{init}": e.actions for (task, init), e in recorded.items()})
    run_and_kill(_PROGRAM, tmp_path, [signal.SIGKILL] * max(1, COUNT // 6), within=0.2)
    assert 1 <= len(read_records(tmp_path / "episodes.jsonl")) < len(KEYS)
    subprocess.run([sys.executable, "-c", _PROGRAM, str(tmp_path)], check=True, **QUIET)
    assert len((tmp_path / "episodes.jsonl").read_text().splitlines()) == len(KEYS)
    records = {record.key: record for record in read_records(tmp_path / "episodes.jsonl")}
    assert {key: (record.success, record.steps) for key, record in records.items()} == {
        key: (True, len(episode.actions)) for key, episode in recorded.items()
    }
    assert_states(tmp_path, recorded)
