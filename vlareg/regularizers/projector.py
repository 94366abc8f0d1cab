"""Projectors from hidden states to the space of a loss."""

import torch
from jaxtyping import Float
from torch import Tensor, nn


class MLPProjector(nn.Module):
    """Linear layers with SiLU between them, over the last axis.

    Args:
        in_dim: Width of the input.
        out_dim: Width of the output.
        hidden_dim: Width between the layers.
        layers: Number of linear layers (>= 1).
        layer_norm: Normalise the input first, as a projector of raw hidden states needs it: these have a few very large
            entries.

    Raises:
        ValueError: If a size is not positive.

    Reference:
        Kim et al., 2025, arXiv 2510.01711: two layers, 2048 and 128. The paper does not name the activation.

    Example:
        >>> MLPProjector(8, out_dim=4, hidden_dim=16)(torch.zeros(2, 3, 8)).shape
        torch.Size([2, 3, 4])
    """

    def __init__(
        self, in_dim: int, out_dim: int = 128, hidden_dim: int = 2048, layers: int = 2, layer_norm: bool = False
    ) -> None:
        super().__init__()
        for name, value in {"in_dim": in_dim, "out_dim": out_dim, "hidden_dim": hidden_dim, "layers": layers}.items():
            if value < 1:
                raise ValueError(f"`{name}` must be > 0, but got {value}.")
        self.in_dim, self.out_dim = in_dim, out_dim
        widths = [in_dim, *[hidden_dim] * (layers - 1), out_dim]
        modules: list[nn.Module] = [nn.LayerNorm(in_dim)] if layer_norm else []
        for i in range(layers):
            modules += [nn.SiLU()] * (i > 0) + [nn.Linear(widths[i], widths[i + 1])]
        self.layers = nn.Sequential(*modules)

    def forward(self, features: Float[Tensor, "*batch in_dim"]) -> Float[Tensor, "*batch out_dim"]:
        """Project the last axis.

        Args:
            features: Hidden states of any float type.

        Returns:
            Projected features.
        """
        projected: Tensor = self.layers(features.to(next(self.parameters()).dtype))
        return projected


class FrozenMLPProjector(nn.Module):
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
        ValueError: If a size is not positive.

    Reference:
        Kachaev et al., "Don't Blind Your VLA", 2025, arXiv 2510.25616: LayerNorm and three linear layers with SiLU. Its
        dropout is left out: it would draw from the global random state and make a random target noisier.

    Example:
        >>> a, b = FrozenMLPProjector(8, out_dim=4), FrozenMLPProjector(8, out_dim=4)
        >>> torch.equal(a(torch.ones(1, 8)), b(torch.ones(1, 8)))
        True
    """

    def __init__(self, in_dim: int, out_dim: int, hidden_dim: int = 2048, layers: int = 3, seed: int = 0) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]), torch.device("cpu"):
            torch.manual_seed(seed)
            self.mlp = MLPProjector(in_dim, out_dim, hidden_dim, layers, layer_norm=True)
        self.mlp.requires_grad_(False)
        self.in_dim, self.out_dim = in_dim, out_dim

    def forward(self, features: Float[Tensor, "*batch in_dim"]) -> Float[Tensor, "*batch out_dim"]:
        """Project the last axis.

        Args:
            features: Hidden states of any float type.

        Returns:
            Projected features.
        """
        projected: Tensor = self.mlp(features)
        return projected
