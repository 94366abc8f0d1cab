"""A frozen random multi-layer perceptron of known gain."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vlareg.regularizers.projector.base import Projector
from vlareg.regularizers.projector.frozen_mlp import FrozenMLPProjector


class SpectralNormProjector(Projector):
    """The frozen MLP with each matrix divided by its largest singular value.

    No layer stretches any direction. The weights do not change, so the division is done once, exactly, and not by power
    iteration while training. Seed and checkpoint are as in `FrozenMLPProjector`.

    Args:
        in_dim: Width of the input.
        out_dim: Width of the output.
        hidden_dim: Width between the layers.
        layers: Number of linear layers.
        seed: Seed of the weights.

    Raises:
        ValueError: If a size is not positive; in `forward`, if the features have another width.

    Reference:
        Miyato et al., "Spectral Normalization for Generative Adversarial Networks", 2018, arXiv 1802.05957, equation 8;
        Kachaev et al., "Don't Blind Your VLA", 2025, arXiv 2510.25616, a row of the projector ablation.

    Example:
        >>> projector = SpectralNormProjector(8, out_dim=4, hidden_dim=16)
        >>> [round(largest_singular_value(p), 4) for p in projector.parameters() if p.ndim == 2]
        [1.0, 1.0, 1.0]
    """

    def __init__(self, in_dim: int, out_dim: int, hidden_dim: int = 2048, layers: int = 3, seed: int = 0) -> None:
        super().__init__(in_dim, out_dim)
        self.frozen = FrozenMLPProjector(in_dim, out_dim, hidden_dim, layers, seed)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                module.weight.div_(largest_singular_value(module.weight))

    def project(self, features: Float[Tensor, "*batch in_dim"]) -> Float[Tensor, "*batch out_dim"]:
        """Return the last layer's output."""
        return self.frozen.project(features)


@torch.no_grad()
def largest_singular_value(matrix: Float[Tensor, "rows columns"]) -> float:
    """Return the spectral norm of a matrix, from the eigenvalues of its smaller Gram matrix.

    Args:
        matrix: A frozen weight.

    Example:
        >>> largest_singular_value(torch.tensor([[0.0, 3.0, 0.0], [1.0, 0.0, 0.0]]))
        3.0
    """
    wide = (matrix if len(matrix) <= matrix.shape[1] else matrix.T).double()
    return float(torch.linalg.eigvalsh(wide @ wide.T)[-1].sqrt())
