"""A trainable linear map."""

from jaxtyping import Float
from torch import Tensor, nn

from vlareg.regularizers.projector.base import Projector


class LinearProjector(Projector):
    """One trainable linear layer with bias.

    Args:
        in_dim: Width of the input.
        out_dim: Width of the output.
        layer_norm: Normalise the input first (without parameters: the linear layer could absorb them).

    Raises:
        ValueError: If a size is not positive; in `forward`, if the features have another width.

    Example:
        >>> import torch
        >>> LinearProjector(8, out_dim=4)(torch.zeros(2, 3, 8)).shape
        torch.Size([2, 3, 4])
    """

    def __init__(self, in_dim: int, out_dim: int, layer_norm: bool = True) -> None:
        super().__init__(in_dim, out_dim)
        self.norm = nn.LayerNorm(in_dim, elementwise_affine=False) if layer_norm else nn.Identity()
        self.linear = nn.Linear(in_dim, out_dim)

    def project(self, features: Float[Tensor, "*batch in_dim"]) -> Float[Tensor, "*batch out_dim"]:
        """Return the linear layer's output."""
        projected: Tensor = self.linear(self.norm(features))
        return projected
