from dataclasses import replace

import numpy as np
import pytest
import torch

from vlareg.data import LiberoData
from vlareg.data.probe import moving_frames, probe_indices


def _frames(steps: int = 6) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    actions = np.full((steps, 7), 0.5)
    return actions, np.arange(8.0 * steps).reshape(steps, 8), np.zeros(steps, dtype=int)


def test_a_frame_without_a_command_is_stationary_unless_the_gripper_changes():
    actions, proprio, episodes = _frames()
    actions[[0, 2, 3], :6] = 0.0
    actions[3:, 6] = 1.0
    assert moving_frames(actions, proprio, episodes).tolist() == [False, True, False, True, True, True]


def test_a_command_that_moves_nothing_is_stationary():
    actions, proprio, episodes = _frames()
    proprio[3:5] = proprio[2]
    assert moving_frames(actions, proprio, episodes).tolist() == [True, True, True, False, False, True]


def test_an_episode_does_not_continue_the_one_before():
    actions, proprio, episodes = _frames()
    proprio[3] = proprio[2]
    episodes[3:] = 1
    assert moving_frames(actions, proprio, episodes).all()


def _episodes(lengths: list[int]) -> np.ndarray:
    return np.repeat(np.arange(len(lengths)), lengths)


def test_every_episode_gives_as_many_frames_evenly_spread_and_only_moving_ones():
    episodes = _episodes([20, 40, 30, 10])
    moving = np.arange(100) % 2 == 0
    chosen = probe_indices(np.zeros(100, dtype=int), episodes, moving, samples=20)
    assert np.bincount(episodes[chosen]).tolist() == [5, 5, 5, 5]
    assert moving[chosen].all()
    assert np.diff(chosen[5:10]).tolist() == [8, 8, 8, 8]


def test_the_shortest_episode_limits_all():
    episodes = _episodes([20, 3, 20, 20])
    chosen = probe_indices(np.zeros(63, dtype=int), episodes, np.ones(63, dtype=bool), samples=40)
    assert np.bincount(episodes[chosen]).tolist() == [3, 3, 3, 3]


def test_many_episodes_are_thinned_out_equally_in_every_task():
    episodes = _episodes([10] * 60)
    tasks = np.where(episodes < 40, 0, 1)
    chosen = probe_indices(tasks, episodes, np.ones(600, dtype=bool), samples=80)
    assert np.bincount(tasks[chosen]).tolist() == [40, 40]
    assert np.unique(episodes[chosen], return_counts=True)[1].tolist() == [4] * 20


@pytest.mark.parametrize(
    ("lengths", "still", "samples", "message"),
    [
        ([20, 20, 20], 0, 12, "needs at least 4 held-out episodes, .* but there are 3"),
        ([20, 20, 20, 20], 20, 12, r"episodes \[0\] have no frame in which the robot moves"),
        ([20] * 5, 0, 3, "`samples` must be at least 4, one per episode"),
    ],
)
def test_what_makes_no_probe_set_is_refused(lengths, still, samples, message):
    episodes = _episodes(lengths)
    moving = np.arange(len(episodes)) >= still
    with pytest.raises(ValueError, match=message):
        probe_indices(np.zeros_like(episodes), episodes, moving, samples)


def test_the_probe_set_is_the_same_every_time_and_held_out(checkpoint, demonstrations):
    data = LiberoData(str(checkpoint), demonstrations, batch_size=8)
    data.setup()
    first, second = (list(data.probe_batches()) for _ in range(2))
    assert all(torch.equal(a.pixel_values, b.pixel_values) for a, b in zip(first, second, strict=True))
    episodes, samples = (torch.cat([getattr(b, name) for b in first]) for name in ("episode_ids", "sample_ids"))
    assert not set(episodes.tolist()) & set(data.train.episodes.tolist())
    assert torch.bincount(episodes).tolist() == [0, 0, 0, 10, 10, 0, 0, 0, 10, 10]
    assert len(samples.unique()) == len(samples)


def test_too_few_held_out_episodes_are_refused(checkpoint, demonstrations):
    data = LiberoData(str(checkpoint), replace(demonstrations, validation_episodes=1))
    data.setup()
    with pytest.raises(ValueError, match="needs at least 4 held-out episodes"):
        list(data.probe_batches())
