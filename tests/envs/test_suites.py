"""Suites are found by name, with OpenVLA's episode lengths."""

import pytest

from vlareg.envs import MAX_STEPS, SUITES
from vlareg.envs.suites import find_suite


def test_episode_lengths_are_openvla_s() -> None:
    """The waiting steps are not counted."""
    theirs = {"libero_spatial": 220, "libero_object": 280, "libero_goal": 300, "libero_10": 520, "libero_90": 400}
    assert {name: MAX_STEPS[name] for name in theirs} == theirs
    assert MAX_STEPS["libero_mini"] == 100
    assert SUITES["libero_mini"].num_tasks == 10


def test_an_unknown_suite_suggests_the_nearest() -> None:
    """A slip of the finger is recognised."""
    with pytest.raises(
        ValueError, match=r"`suite` must be one of .*, but got 'libero_gaol'. Did you mean libero_goal\?"
    ):
        find_suite("libero_gaol")
