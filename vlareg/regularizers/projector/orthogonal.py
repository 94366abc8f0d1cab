"""A frozen random orthogonal map."""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from vlareg.regularizers.projector.base import Projector, drawn_from


class OrthogonalProjector(Projector):
    r"""A frozen random matrix $P$ with $P P^T = I$ (orthonormal rows), or $P^T P = I$ where `out_dim` exceeds `in_dim`.

    Gradients go through it into the student. No direction that it keeps is stretched, so the student is asked to hold
    the teacher's geometry itself. It is drawn from its own seed, so it is equal on all ranks and leaves the global
    random state alone; it is saved with the checkpoint.

    Args:
        in_dim: Width of the input.
        out_dim: Width of the output.
        layer_norm: Normalise the input first (without parameters).
        seed: Seed of the matrix.

    Raises:
        ValueError: If a size is not positive; in `forward`, if the features have another width.

    Reference:
        Kachaev et al., "Don't Blind Your VLA", 2025, arXiv 2510.25616, a row of the projector ablation, which says no
        more than the name. The matrix is uniformly distributed: QR decomposition of a Gaussian one, signs fixed.

    Example:
        >>> projector = OrthogonalProjector(8, out_dim=4)
        >>> torch.allclose(projector.weight @ projector.weight.T, torch.eye(4), atol=1e-6)
        True
    """

    def __init__(self, in_dim: int, out_dim: int, layer_norm: bool = True, seed: int = 0) -> None:
        super().__init__(in_dim, out_dim)
        self.norm = nn.LayerNorm(in_dim, elementwise_affine=False) if layer_norm else nn.Identity()
        with drawn_from(seed):
            matrix = nn.init.orthogonal_(torch.empty(out_dim, in_dim, dtype=torch.float64))
        self.weight = nn.Parameter(matrix.to(torch.get_default_dtype()), requires_grad=False)

    def project(self, features: Float[Tensor, "*batch in_dim"]) -> Float[Tensor, "*batch out_dim"]:
        """Return the product with the matrix."""
        return F.linear(self.norm(features), self.weight)
