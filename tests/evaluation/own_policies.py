"""Policies that `--policy` may name."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

STEP = 0.05
"""How far an action of 1 moves the hand (m)."""


class ToAPoint:
    """What OpenVLA-OFT is to the outside: two views, the robot's state, eight actions at once. It moves the hand to a point."""

    num_views, takes_proprio, horizon = 2, True, 8
    seen: list[np.ndarray] = []  # noqa: RUF012 (the test looks at it, the command makes the policy)

    def __init__(self, checkpoint: Path) -> None:
        self._point = np.loadtxt(checkpoint / "point.txt")

    def act(self, frames: np.ndarray, instructions: Sequence[str], proprio: np.ndarray) -> np.ndarray:
        assert frames.shape[1:] == (2, 64, 64, 3)
        assert frames.any(axis=(2, 3, 4)).all()
        self.seen.append(proprio[0])
        actions = np.zeros((len(frames), self.horizon, 7))
        actions[..., :3] = (self._point - proprio[:, None, :3]) / self.horizon / STEP
        actions[..., 6] = -1.0
        return actions


class Hasty(ToAPoint):
    """It gives fewer actions than it says."""

    def act(self, frames: np.ndarray, instructions: Sequence[str], proprio: np.ndarray) -> np.ndarray:
        return super().act(frames, instructions, proprio)[:, :4]


class OneView(ToAPoint):
    num_views, takes_proprio, horizon = 1, False, 1


class NoViews(ToAPoint):
    num_views = 0


class Undeclared:
    num_views, horizon = 1, 1
