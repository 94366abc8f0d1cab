import warnings

import numpy as np
import pytest

from vlareg.data.noops import is_action, rows_with_actions


def reference(actions):
    """OpenVLA's `is_noop` with the last kept action, as its script for regenerating LIBERO states the rule."""
    kept = []
    for i, action in enumerate(actions):
        still = np.linalg.norm(action[:-1]) < 1e-4
        if not (still and (not kept or action[-1] == actions[kept[-1]][-1])):
            kept.append(i)
    return kept


def test_the_rule_is_the_reference_s():
    rng = np.random.default_rng(0)
    for _ in range(50):
        actions = np.concatenate([rng.choice([0.0, 5e-5, 0.3], size=(30, 1), p=[0.6, 0.2, 0.2]), np.zeros((30, 5))], 1)
        actions = np.concatenate([actions, rng.choice([-1.0, 1.0], size=(30, 1), p=[0.8, 0.2])], 1)
        assert np.flatnonzero(is_action(actions)).tolist() == reference(actions)


def episodes(*moving):
    """One episode of ten steps for each number of moving steps."""
    actions = np.zeros((10 * len(moving), 7))
    for number, count in enumerate(moving):
        actions[10 * number : 10 * number + count, 0] = 1.0
    return actions, np.repeat(np.arange(len(moving)), 10)


def test_episodes_do_not_know_of_one_another():
    actions, numbers = episodes(10, 10)
    actions[10, 0], actions[10:, 6] = 0.0, 1.0  # would be a change of the gripper, were it not an episode's first step
    assert np.flatnonzero(~rows_with_actions(actions, numbers, "task")).tolist() == [10]


def test_a_task_that_would_be_emptied_is_kept_with_a_warning():
    with pytest.warns(UserWarning, match="task: every step is a no-op .*none was left out"):
        assert rows_with_actions(*episodes(0, 0), "task").all()


def test_more_than_half_is_worth_a_warning():
    with pytest.warns(UserWarning, match="task: 80% of the steps are no-ops"):
        assert rows_with_actions(*episodes(2, 2), "task").sum() == 4
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert rows_with_actions(*episodes(6, 6), "task").sum() == 12
