"""The robot state that RS-CL compares."""

from collections.abc import Sequence
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vlareg.distributed import all_gather_with_grad
from vlareg.functional.rotations import axis_angle_to_6d
from vlareg.shapes import Proprio

STATE_DIM = 10
SMALLEST_STD = (0.01,) * 3 + (0.02,) * 6 + (0.002,)
"""Smallest divisor: 1 cm, about 1 degree, 2 mm. A task that never turns the gripper has noise in its rotation only."""

Scaling = Literal["standardize", "none"]


class RobotState(nn.Module):
    """Turn LIBERO's proprioception into a vector whose Euclidean distances compare robot states.

    End-effector position (3, m), first two columns of its rotation matrix (6, dimensionless), gripper opening (1, m),
    each then standardised, since metres of a table top and of a gripper are very different scales.

    Args:
        scaling: "standardize" (subtract the mean and divide by the standard deviation of each of the 10 dimensions, but
            by no less than 1 cm, about 1 degree and 2 mm) or "none".
        mean: Mean of each dimension over the data set; without it, that of the batch, over all ranks.
        std: Standard deviation of each dimension; given together with `mean`.

    Raises:
        ValueError: If an argument is out of range; in `forward` if the proprioception has not 8 values.

    Reference:
        Kim et al., "Contrastive Representation Regularization for Vision-Language-Action Models", 2025, arXiv
        2510.01711. Sources differ on whether the state is raw or scaled.

    Example:
        >>> RobotState(scaling="none")(torch.tensor([[0.1, 0.2, 0.3, 0.0, 0.0, 0.0, 0.04, -0.04]])).shape
        torch.Size([1, 10])
    """

    def __init__(
        self, scaling: Scaling = "standardize", mean: Sequence[float] | None = None, std: Sequence[float] | None = None
    ) -> None:
        super().__init__()
        if scaling not in ("standardize", "none"):
            raise ValueError(f"`scaling` must be 'standardize' or 'none', but got {scaling!r}.")
        if (mean is None) != (std is None) or (scaling == "none" and mean is not None):
            raise ValueError("`mean` and `std` must be given together, and only with scaling='standardize'.")
        for name, values in {"mean": mean, "std": std}.items():
            if values is not None and len(values) != STATE_DIM:
                raise ValueError(
                    f"`{name}` must have {STATE_DIM} values (position 3, rotation 6, gripper 1), but has {len(values)}."
                )
        self.scaling = scaling
        self.mean = tuple(mean) if mean is not None else None
        self.std = tuple(std) if std is not None else None

    def forward(self, proprio: Proprio) -> Float[Tensor, "batch 10"]:
        """Return the state of each sample.

        Args:
            proprio: End-effector position (3, m), axis-angle (3, rad), finger positions (2, m).

        Returns:
            The states, without gradient.
        """
        if proprio.ndim != 2 or proprio.shape[1] != 8:
            raise ValueError(
                f"`proprio` must be [batch, 8] (position 3, axis-angle 3, fingers 2), but is {list(proprio.shape)}."
            )
        proprio = proprio.detach().float()
        opening = proprio[:, 6:7] - proprio[:, 7:8]
        state = torch.cat([proprio[:, :3], axis_angle_to_6d(proprio[:, 3:6]), opening], dim=1)
        if self.scaling == "none":
            return state
        mean, std = self._statistics(state)
        return (state - mean) / torch.maximum(std, std.new_tensor(SMALLEST_STD))

    def _statistics(self, state: Tensor) -> tuple[Tensor, Tensor]:
        if self.mean is not None and self.std is not None:
            return state.new_tensor(self.mean), state.new_tensor(self.std)
        every = all_gather_with_grad(state)
        return every.mean(dim=0), every.std(dim=0, correction=0)
