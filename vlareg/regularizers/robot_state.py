"""The end effector's state."""

from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from vlareg.functional.rotations import axis_angle_to_6d
from vlareg.regularizers.state_source import Scaling, StateSource

ROTATION = slice(3, 9)
SMALLEST_SCALE = (0.01,) * 3 + (0.02,) * 6 + (0.002,)
"""1 cm, about 1 degree, 2 mm: a task that never turns the gripper has noise in its rotation only."""


class RobotState(StateSource):
    """LIBERO's proprioception as a vector whose Euclidean distances compare robot states.

    End-effector position (3, m), first two columns of its rotation matrix (6, dimensionless), gripper opening (1, m),
    each then scaled, since metres of a table top and of a gripper are very different scales.

    Args:
        scaling: "std" (subtract the mean and divide by the standard deviation of each of the 10 dimensions, but by no
            less than 1 cm, about 1 degree and 2 mm), "minmax" (to [-1, 1], with the same least divisor) or "none".
        scale_rotation: False leaves the six rotation values as they are, as `PoseDistance` needs them.

    Raises:
        ValueError: If an argument is out of range; in `forward` if the proprioception has not 8 values.

    Reference:
        Kim et al., "Contrastive Representation Regularization for Vision-Language-Action Models", 2025, arXiv
        2510.01711. Sources differ on whether the state is raw or scaled.

    Example:
        >>> RobotState(scaling="none")(torch.tensor([[0.1, 0.2, 0.3, 0.0, 0.0, 0.0, 0.04, -0.04]])).shape
        torch.Size([1, 10])
    """

    quantity: ClassVar[str] = "proprio"

    def __init__(self, scaling: Scaling = "std", scale_rotation: bool = True) -> None:
        super().__init__(10, SMALLEST_SCALE, scaling)
        self.scale_rotation = scale_rotation

    def vectors(self, values: Float[Tensor, "*samples 8"]) -> Float[Tensor, "*samples 10"]:
        """Return position, rotation and opening.

        Args:
            values: End-effector position (3, m), axis-angle (3, rad), finger positions (2, m).
        """
        if values.shape[-1] != 8:
            raise ValueError(
                f"`proprio` must be [batch, 8] (position 3, axis-angle 3, fingers 2), but is {list(values.shape)}."
            )
        opening = values[..., 6:7] - values[..., 7:8]
        return torch.cat([values[..., :3], axis_angle_to_6d(values[..., 3:6]), opening], dim=-1)

    def _statistics(self, vectors: Tensor) -> tuple[Tensor, Tensor]:
        centre, scale = super()._statistics(vectors)
        if not self.scale_rotation:
            centre[ROTATION], scale[ROTATION] = 0, 1
        return centre, scale
