"""The arm's joint positions."""

from typing import ClassVar

from jaxtyping import Float
from torch import Tensor

from vlareg.regularizers.state_source import Scaling, StateSource

SMALLEST_SCALE = 0.02
"""About 1 degree (rad)."""


class JointState(StateSource):
    """Joint positions, the state of a robot that is controlled by its joints.

    Args:
        scaling: "std", "minmax" or "none"; the divisor is at least about 1 degree.
        joints: Number of joints (> 0).

    Raises:
        ValueError: If an argument is out of range; in `forward` if the batch has no joint positions, or another number.

    Reference:
        Kim et al., "Contrastive Representation Regularization for Vision-Language-Action Models", 2025, arXiv
        2510.01711: 7 positions.

    Example:
        >>> import torch
        >>> JointState(scaling="none")(torch.zeros(4, 7)).shape
        torch.Size([4, 7])
    """

    quantity: ClassVar[str] = "joints"

    def __init__(self, scaling: Scaling = "std", joints: int = 7) -> None:
        if joints < 1:
            raise ValueError(f"`joints` must be > 0, but got {joints}.")
        super().__init__(joints, (SMALLEST_SCALE,) * joints, scaling)

    def vectors(self, values: Float[Tensor, "*samples joints"]) -> Float[Tensor, "*samples joints"]:
        """Return the positions themselves.

        Args:
            values: Joint positions (rad).
        """
        if values.shape[-1] != len(self.scale):
            raise ValueError(f"`joints` must be [batch, {len(self.scale)}], but is {list(values.shape)}.")
        return values
