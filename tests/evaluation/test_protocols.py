"""Protocols keep the conventions that success rates were published with, and refuse policies that cannot follow them."""

import pytest

from vlareg.envs.libero_env import CAMERAS, SIMULATOR_HORIZON, WAITING_ACTION, WAITING_STEPS
from vlareg.evaluation.policy import OpenVLAPolicy
from vlareg.evaluation.protocols import EPISODES, LEROBOT, OPENVLA, OPENVLA_OFT, PROTOCOLS, SEED, find_protocol

OFFICIAL = {"libero_spatial": 220, "libero_object": 280, "libero_goal": 300, "libero_10": 520, "libero_90": 400}
"""OpenVLA's and OpenVLA-OFT's limits, from their `run_libero_eval.py`."""


def test_what_all_protocols_have_in_common() -> None:
    """From the same scripts: 50 trials, ten waiting steps, seed 0, both cameras' names."""
    assert (EPISODES, SEED, WAITING_STEPS, SIMULATOR_HORIZON) == (50, 0, 10, 1000)
    assert WAITING_ACTION == (0, 0, 0, 0, 0, 0, -1)
    assert CAMERAS == ("agentview", "robot0_eye_in_hand")
    assert {protocol.resolution("libero_10") for protocol in PROTOCOLS.values()} == {256}


def test_episode_lengths_are_the_harnesses_own() -> None:
    """LeRobot's `TASK_SUITE_MAX_STEPS` differs in one suite."""
    for protocol, spatial in ((OPENVLA, 220), (OPENVLA_OFT, 220), (LEROBOT, 280)):
        assert {suite: protocol.max_steps[suite] for suite in OFFICIAL} == {**OFFICIAL, "libero_spatial": spatial}
        assert protocol.max_steps["libero_mini"] == 100


@pytest.mark.parametrize("views", [1, 2])
def test_an_openvla_follows_openvla_and_lerobot(views: int) -> None:
    """One action for every observation, of as many views as it takes."""
    for protocol in (OPENVLA, LEROBOT):
        protocol.check_policy(views, OpenVLAPolicy.takes_proprio, OpenVLAPolicy.horizon)


def test_all_that_a_policy_lacks_is_named() -> None:
    """One view instead of two, no state, one action instead of eight."""
    with pytest.raises(
        ValueError, match=r"openvla_oft needs .* 2 views \(it takes 1\), proprio.* 8 actions \(it gives 1 "
    ):
        OPENVLA_OFT.check_policy(1, OpenVLAPolicy.takes_proprio, OpenVLAPolicy.horizon)
    with pytest.raises(ValueError, match=r"with chunks of 8 actions \(it gives 4 at once\)\.$"):
        OPENVLA_OFT.check_policy(2, True, 4)
    OPENVLA_OFT.check_policy(2, True, 8)
    LEROBOT.check_policy(2, True, 50)
    with pytest.raises(ValueError, match=r"openvla needs a checkpoint with chunks of 1 actions \(it gives 8 at once\)"):
        OPENVLA.check_policy(1, False, 8)


def test_an_unknown_protocol_suggests_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"but got 'openvla-oft'. Did you mean openvla_oft\?"):
        find_protocol("openvla-oft")
