"""A trainable multi-layer perceptron."""

from jaxtyping import Float
from torch import Tensor, nn

from vlareg.regularizers.projector.base import Projector, check_sizes


class MLPProjector(Projector):
    """Linear layers with SiLU between them, over the last axis.

    Args:
        in_dim: Width of the input.
        out_dim: Width of the output.
        hidden_dim: Width between the layers.
        layers: Number of linear layers (>= 1).
        layer_norm: Normalise the input first, as a projector of raw hidden states needs it: these have a few very large
            entries.

    Raises:
        ValueError: If a size is not positive; in `forward`, if the features have another width.

    Reference:
        Kim et al., 2025, arXiv 2510.01711: two layers, 2048 and 128. The paper does not name the activation. Kachaev et
        al., "Don't Blind Your VLA", 2025, arXiv 2510.25616, the trainable MLP of the projector ablation: `layers=3,
        layer_norm=True`.

    Example:
        >>> import torch
        >>> MLPProjector(8, out_dim=4, hidden_dim=16)(torch.zeros(2, 3, 8)).shape
        torch.Size([2, 3, 4])
    """

    def __init__(
        self, in_dim: int, out_dim: int = 128, hidden_dim: int = 2048, layers: int = 2, layer_norm: bool = False
    ) -> None:
        super().__init__(in_dim, out_dim)
        check_sizes(hidden_dim=hidden_dim, layers=layers)
        widths = [in_dim, *[hidden_dim] * (layers - 1), out_dim]
        modules: list[nn.Module] = [nn.LayerNorm(in_dim)] if layer_norm else []
        for i in range(layers):
            modules += [nn.SiLU()] * (i > 0) + [nn.Linear(widths[i], widths[i + 1])]
        self.layers = nn.Sequential(*modules)

    def project(self, features: Float[Tensor, "*batch in_dim"]) -> Float[Tensor, "*batch out_dim"]:
        """Return the last layer's output."""
        projected: Tensor = self.layers(features)
        return projected
