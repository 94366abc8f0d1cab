"""Do the statistics that actions are normalised by belong to them?"""

from collections.abc import Mapping
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from vlareg.callbacks.finding import Finding
from vlareg.policies.openvla.action_errors import DIMENSIONS

CLIPPED_WARNING, CLIPPED_ERROR = 0.04, 0.10
"""Share of the actions outside the limits; by the quantiles' definition it is 0.02 at most where the statistics fit, and two
actions more where there are few."""
NARROW = 0.1
"""Share of the normalised range that actions have to use in one dimension at least."""


def probe_statistics(actions: Float[Tensor, "samples action_dim"], statistics: Mapping[str, Any]) -> Finding:
    """Compare actions with the limits that they are clipped to.

    Actions exactly at a limit are no sign of anything: a joystick at its stop makes many.

    Args:
        actions: Those of the training split, in the data set's units.
        statistics: Their entry in `norm_stats`: "q01", "q99" and "mask"; what is not normalised has to be in [-1, 1].
    """
    outside, used = _outside(actions.double(), statistics), _used(actions.double(), statistics)
    worst = int(outside.argmax())
    name = DIMENSIONS[worst] if len(outside) == len(DIMENSIONS) else str(worst)
    seen = (
        f"{float(outside[worst]):.1%} of `{name}` outside the limits, up to {float(used.max()):.0%} of the range used"
    )
    beyond = float(outside[worst]) - 2 / len(actions)
    if beyond > CLIPPED_ERROR:
        advice = (
            "The actions would be clipped, so other ones would be learned: the statistics are of other data or units."
        )
        return Finding("statistics", seen, "error", advice)
    if beyond > CLIPPED_WARNING or float(used.max()) < NARROW:
        advice = "At most 2 % should be outside, and the range be used: compute the statistics from the training split."
        return Finding("statistics", seen, "warning", advice)
    return Finding("statistics", seen)


def _limits(actions: Tensor, statistics: Mapping[str, Any]) -> tuple[Tensor, Tensor]:
    low, high = (torch.tensor(statistics[name], dtype=torch.float64) for name in ("q01", "q99"))
    mask = torch.tensor(statistics.get("mask", [True] * len(low)))
    return low.where(mask, torch.tensor(-1.0)), high.where(mask, torch.tensor(1.0))


def _outside(actions: Tensor, statistics: Mapping[str, Any]) -> Float[Tensor, "action_dim"]:
    low, high = _limits(actions, statistics)
    tolerance = 1e-4 * (high - low) + 1e-6  # files hold 32 bits
    inside = (actions >= low - tolerance) & (actions <= high + tolerance)  # NaN is outside
    return (~inside).double().mean(dim=0)


def _used(actions: Tensor, statistics: Mapping[str, Any]) -> Float[Tensor, "action_dim"]:
    low, high = _limits(actions, statistics)
    span = torch.quantile(actions[:: 1 + len(actions) // 100_000], torch.tensor([0.01, 0.99]).double(), dim=0)
    return (span[1] - span[0]) / (high - low + 1e-8)
