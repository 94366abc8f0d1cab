"""The conventions by which success rates on LIBERO were published, by the names of the harnesses that have them.

What is common to all of them stands where it is done: `vlareg.envs.libero_env` has the waiting steps and their action, the
order of reset and initial state, and the cameras; an episode succeeds if the goal holds after any step. What a policy does
with its images (turned by 180 degrees, JPEG, size, centre crop) is the policy's own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from vlareg.envs import MAX_STEPS, SUITES
from vlareg.lookup import look_up

EPISODES = 50
"""Episodes of a task; episode e starts from stored initial state e."""

SEED = 0
"""The simulator's seed, given once a task; it decides where fixtures stand in each of its episodes."""

RESOLUTION = 256
"""Width and height of the images that the simulator renders (pixels)."""

MINI_RESOLUTION = 128
"""The same for the embedded suites, as their demonstrations have it (pixels)."""


@dataclass(frozen=True)
class EvaluationProtocol:
    """One harness's conventions, as far as they differ.

    Args:
        name: What it is called in commands and results.
        max_steps: Suite -> after how many actions an episode has failed (environment steps, the waiting steps not counted).
        views: How many cameras the policy sees, in the order of `vlareg.envs.libero_env.CAMERAS`; None for as many as it takes.
        proprio: Whether the policy sees the robot's state: position (m), axis-angle without the antipodal flip (rad), fingers (m).
        horizon: How many actions the policy gives at once, which are executed before it is asked again (environment steps);
            None for as many as it gives.
    """

    name: str
    max_steps: Mapping[str, int] = field(default_factory=lambda: dict(MAX_STEPS), hash=False)
    views: int | None = None
    proprio: bool = False
    horizon: int | None = 1

    def resolution(self, suite: str) -> int:
        """Return width and height of a suite's images (pixels).

        Example:
            >>> OPENVLA.resolution("libero_goal"), OPENVLA.resolution("libero_mini")
            (256, 128)
        """
        return MINI_RESOLUTION if SUITES[suite].is_embedded else RESOLUTION

    def check_policy(self, views: int, proprio: bool, horizon: int) -> None:
        """Check that a policy can be evaluated by this protocol.

        Args:
            views: How many cameras it takes.
            proprio: Whether it takes the robot's state.
            horizon: How many actions it gives at once.

        Raises:
            ValueError: If it lacks something; the message names everything that it lacks.
        """
        lacks = [
            (f"{self.views} views (it takes {views})", self.views not in (None, views)),
            ("proprioception as an input (it takes none)", self.proprio and not proprio),
            (f"chunks of {self.horizon} actions (it gives {horizon} at once)", self.horizon not in (None, horizon)),
        ]
        if missing := [what for what, applies in lacks if applies]:
            raise ValueError(f"`protocol`: {self.name} needs a checkpoint with {', '.join(missing)}.")


OPENVLA = EvaluationProtocol("openvla")
"""OpenVLA's: one action for every observation (arXiv 2406.09246, appendix on LIBERO)."""

OPENVLA_OFT = EvaluationProtocol("openvla_oft", views=2, proprio=True, horizon=8)
"""OpenVLA-OFT's: two views, the robot's state, and chunks of eight actions executed open loop (arXiv 2502.19645)."""

LEROBOT = EvaluationProtocol("lerobot", max_steps={**MAX_STEPS, "libero_spatial": 280}, horizon=None)
"""LeRobot's: longer episodes of libero_spatial. LeRobot also seeds every episode differently, which is not done here."""

PROTOCOLS = {protocol.name: protocol for protocol in (OPENVLA, OPENVLA_OFT, LEROBOT)}
"""Name -> protocol."""


def find_protocol(name: str) -> EvaluationProtocol:
    """Return a protocol by its name.

    Raises:
        ValueError: If there is none of that name.

    Example:
        >>> find_protocol("openvla_oft").horizon
        8
    """
    return look_up("protocol", name, PROTOCOLS)
