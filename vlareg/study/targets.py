"""What representations are compared with, in words."""

from vlareg.study.examination import ACTION_STATES

ARM, STATE = "actions.arm", "proprio"

MAIN = {ARM: "the arm's action", STATE: "the robot's state"}
"""The targets of most experiments: what the robot was told to do, and how it stood."""


def target_labels(window: int) -> dict[str, str]:
    """Return all targets' labels.

    Args:
        window: Actions in a window.
    """
    return {
        "actions.full": "action",
        ARM: "action, arm only",
        "actions.gripper": "action, gripper only",
        f"actions.full.next{window}": f"window of {window} actions",
        f"actions.arm.next{window}": f"window of {window} actions, arm only",
        "action_tokens": "embeddings of the action's tokens",
        ACTION_STATES: "hidden states at the action's tokens",
        STATE: "the robot's state (no action)",
    }
