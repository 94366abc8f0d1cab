"""A trainable linear map that each view modulates."""

from jaxtyping import Float
from torch import Tensor, nn

from vlareg.regularizers.projector.base import Projector


class FiLMProjector(Projector):
    r"""Scale and shift each channel of a linear map as the view demands: $y_i = (1 + \gamma(c)) \odot W x_i + \beta(c)$.

    The condition $c$ is the mean of the view's patches, so what all patches share (light, table) need not be carried by
    each. $\gamma$ and $\beta$ are linear in $c$ and 0 at the start. Everything is trainable.

    Args:
        in_dim: Width of the input.
        out_dim: Width of the output.
        layer_norm: Normalise each patch first (without parameters).

    Raises:
        ValueError: If a size is not positive; in `forward`, if the features have another width or no axis of patches.

    Reference:
        Perez et al., "FiLM: Visual Reasoning with a General Conditioning Layer", 2018, arXiv 1709.07871, equation 2;
        Kachaev et al., "Don't Blind Your VLA", 2025, arXiv 2510.25616, a row of the projector ablation, which does not
        say what it is conditioned on.

    Example:
        >>> import torch
        >>> FiLMProjector(8, out_dim=4)(torch.zeros(2, 3, 8)).shape
        torch.Size([2, 3, 4])
    """

    def __init__(self, in_dim: int, out_dim: int, layer_norm: bool = True) -> None:
        super().__init__(in_dim, out_dim)
        self.norm = nn.LayerNorm(in_dim, elementwise_affine=False) if layer_norm else nn.Identity()
        self.linear = nn.Linear(in_dim, out_dim)
        self.modulation = nn.Linear(in_dim, 2 * out_dim)
        nn.init.zeros_(self.modulation.weight)
        nn.init.zeros_(self.modulation.bias)

    def project(self, features: Float[Tensor, "*batch in_dim"]) -> Float[Tensor, "*batch out_dim"]:
        """Return the modulated output; the last axis but one is that of a view's patches."""
        if features.ndim < 2:
            raise ValueError(f"`features` must be [..., patches, in_dim], but are {list(features.shape)}.")
        features = self.norm(features)
        scale, shift = self.modulation(features.mean(dim=-2, keepdim=True)).chunk(2, dim=-1)
        projected: Tensor = (1 + scale) * self.linear(features) + shift
        return projected
