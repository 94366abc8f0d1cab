"""A frozen random multi-layer perceptron."""

from jaxtyping import Float
from torch import Tensor

from vlareg.regularizers.projector.base import Projector, drawn_from
from vlareg.regularizers.projector.mlp import MLPProjector


class FrozenMLPProjector(Projector):
    """A random map that stays as it is: gradients go through it into the student, none into it.

    It is drawn from its own seed, so it is equal on all ranks and leaves the global random state alone; it is saved
    with the checkpoint.

    Args:
        in_dim: Width of the input.
        out_dim: Width of the output.
        hidden_dim: Width between the layers.
        layers: Number of linear layers.
        seed: Seed of the weights.

    Raises:
        ValueError: If a size is not positive; in `forward`, if the features have another width.

    Reference:
        Kachaev et al., "Don't Blind Your VLA", 2025, arXiv 2510.25616: LayerNorm and three linear layers with SiLU. Its
        dropout is left out: it would draw from the global random state and make a random target noisier.

    Example:
        >>> import torch
        >>> a, b = FrozenMLPProjector(8, out_dim=4), FrozenMLPProjector(8, out_dim=4)
        >>> torch.equal(a(torch.ones(1, 8)), b(torch.ones(1, 8)))
        True
    """

    def __init__(self, in_dim: int, out_dim: int, hidden_dim: int = 2048, layers: int = 3, seed: int = 0) -> None:
        super().__init__(in_dim, out_dim)
        with drawn_from(seed):
            self.mlp = MLPProjector(in_dim, out_dim, hidden_dim, layers, layer_norm=True)
        self.mlp.requires_grad_(False)

    def project(self, features: Float[Tensor, "*batch in_dim"]) -> Float[Tensor, "*batch out_dim"]:
        """Return the last layer's output."""
        return self.mlp.project(features)
