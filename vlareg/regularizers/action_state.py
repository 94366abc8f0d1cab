"""The next actions in the place of a state."""

from typing import ClassVar

from jaxtyping import Float
from torch import Tensor

from vlareg.regularizers.state_source import Scaling, StateSource

SMALLEST_SCALE = 1e-3
"""Of an action in [-1, 1] (dimensionless)."""


class ActionState(StateSource):
    """The next actions of a sample, all that the batch holds (`LiberoData.horizon`).

    In the paper weights from action distances do worse than plain InfoNCE; this is that ablation.

    Args:
        scaling: "std", "minmax" or "none".
        action_dim: Size of one action (> 0).

    Raises:
        ValueError: If an argument is out of range; in `forward` if actions have another size.

    Reference:
        Kim et al., "Contrastive Representation Regularization for Vision-Language-Action Models", 2025, arXiv
        2510.01711, the ablation of the weights.

    Example:
        >>> import torch
        >>> ActionState(scaling="none")(torch.zeros(4, 3, 7)).shape
        torch.Size([4, 21])
    """

    quantity: ClassVar[str] = "actions"

    def __init__(self, scaling: Scaling = "std", action_dim: int = 7) -> None:
        if action_dim < 1:
            raise ValueError(f"`action_dim` must be > 0, but got {action_dim}.")
        super().__init__(action_dim, (SMALLEST_SCALE,) * action_dim, scaling)

    def vectors(self, values: Float[Tensor, "*samples action_dim"]) -> Float[Tensor, "*samples action_dim"]:
        """Return the actions themselves.

        Args:
            values: Actions in the data set's units.
        """
        if values.shape[-1] != len(self.scale):
            raise ValueError(f"`actions` must have {len(self.scale)} values, but are {list(values.shape)}.")
        return values
