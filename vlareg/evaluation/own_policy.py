"""A user's own policy instead of an OpenVLA: a class that `--policy module:Class` names.

    class MyPolicy:
        num_views, takes_proprio, horizon = 2, True, 8  # cameras, the robot's state, actions at once

        def __init__(self, checkpoint: Path) -> None: ...

        def act(self, frames, instructions, proprio): ...

What `act` is given and returns is in `vlareg.evaluation.interfaces.Policy`; the class has no base class of ours.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from jaxtyping import Float, UInt8

from vlareg.envs.libero_env import CAMERAS
from vlareg.evaluation.interfaces import Policy
from vlareg.evaluation.protocols import EvaluationProtocol
from vlareg.evaluation.settings import fingerprint


class OwnPolicy(Protocol):
    """The class of a policy that can be evaluated from the command line."""

    num_views: int
    """How many cameras it takes, in the order of `vlareg.envs.libero_env.CAMERAS`."""

    takes_proprio: bool
    """Whether it uses the robot's state."""

    horizon: int
    """How many actions it gives at once."""

    def __call__(self, checkpoint: Path) -> Policy:
        """Load the policy from its folder."""
        ...


@dataclass(frozen=True)
class OwnPolicySource:
    """A user's policy that is not loaded yet.

    Args:
        reference: Module and class.
        kind: The class.
        checkpoint: Folder that it is loaded from.
    """

    reference: str
    kind: OwnPolicy
    checkpoint: Path

    @property
    def num_views(self) -> int:
        """How many cameras it takes."""
        return self.kind.num_views

    def settings(self) -> dict[str, Any]:
        """Return what an episode's result depends on, as JSON values: the class by its name, and every file of the folder."""
        return {
            "checkpoint": f"{self.checkpoint.resolve().name} {fingerprint(self.checkpoint, ('**/*',))}",
            "policy": self.reference,
            "random_weights": False,
        }

    def load(self, instructions: Iterable[str]) -> Policy:
        """Load the policy.

        Args:
            instructions: All that it can be told; it is not told them here.
        """
        return _Checked(self.kind(self.checkpoint), self.reference, self.kind.horizon)


class _Checked:
    """A policy that is held to the number of actions that its class names."""

    def __init__(self, policy: Policy, name: str, horizon: int) -> None:
        self._policy, self._name, self._horizon = policy, name, horizon

    def act(
        self,
        frames: UInt8[np.ndarray, "batch views height width 3"],
        instructions: Sequence[str],
        proprio: Float[np.ndarray, "batch 8"],
    ) -> Float[np.ndarray, "batch horizon 7"]:
        actions = np.asarray(self._policy.act(frames, instructions, proprio))
        chunks = actions[:, None] if actions.ndim == 2 else actions
        if chunks.shape != (len(frames), self._horizon, 7):
            raise ValueError(
                f"`policy`: {self._name} must return actions of shape ({len(frames)}, {self._horizon}, 7), as its `horizon` "
                f"says, but got {actions.shape}."
            )
        return chunks


def find_own_policy(
    reference: str, checkpoint: Path, protocol: EvaluationProtocol, **only_openvla: Any
) -> OwnPolicySource:
    """Look a user's policy up, without loading it.

    Args:
        reference: `module:Class`; the module is imported.
        checkpoint: Folder that it is loaded from.
        protocol: What it is evaluated by.
        only_openvla: Settings that are an OpenVLA's alone, by name; each must be as if it was not given.

    Raises:
        ModuleNotFoundError: If there is no such module.
        FileNotFoundError: If there is no such folder.
        ValueError: If there is no such class, it does not say what it takes and gives, it lacks what the protocol asks for,
            or a setting is not for it.
    """
    module, colon, name = reference.partition(":")
    if not (module and colon and name):
        raise ValueError(f"`policy` must be module:Class, but got {reference!r}.")
    kind = getattr(import_module(module), name, None)
    if kind is None:
        raise ValueError(f"`policy`: the module {module} has no {name}.")
    for attribute, expected in (("num_views", int), ("takes_proprio", bool), ("horizon", int)):
        if type(value := getattr(kind, attribute, None)) is not expected:
            raise ValueError(
                f"`policy`: {reference} must have {attribute}, of type {expected.__name__}, but it is {value!r}."
            )
    if not 1 <= kind.num_views <= len(CAMERAS) or kind.horizon < 1:
        raise ValueError(
            f"`policy`: {reference} must take 1 to {len(CAMERAS)} views and give actions, "
            f"but has num_views {kind.num_views} and horizon {kind.horizon}."
        )
    for setting, value in only_openvla.items():
        if value not in (None, False, "auto", "growing"):
            raise ValueError(f"`{setting}` is for OpenVLA's checkpoints, not for {reference}, but got {value!r}.")
    if not checkpoint.is_dir():
        raise FileNotFoundError(f"`checkpoint` must be the folder of {reference}, but there is no {str(checkpoint)!r}.")
    protocol.check_policy(kind.num_views, kind.takes_proprio, kind.horizon)
    return OwnPolicySource(reference, kind, checkpoint)
