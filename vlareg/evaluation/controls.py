"""Policies that are handicapped on purpose, to see whether a policy uses what it is given."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, UInt8

from vlareg.evaluation.interfaces import Policy


class BlackImages:
    """A policy that sees black images only; one that needs its cameras falls to the floor.

    Args:
        policy: The policy that is asked.
    """

    def __init__(self, policy: Policy) -> None:
        self._policy = policy

    def act(
        self,
        frames: UInt8[np.ndarray, "batch views height width 3"],
        instructions: Sequence[str],
        proprio: Float[np.ndarray, "batch 8"],
    ) -> Float[np.ndarray, "batch 7"] | Float[np.ndarray, "batch horizon 7"]:
        """Return the policy's actions for black images, the given instructions and states."""
        return self._policy.act(np.zeros_like(frames), instructions, proprio)
