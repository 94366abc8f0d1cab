"""What every projector checks, and how a frozen one is drawn."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from jaxtyping import Float
from torch import Tensor, nn


class Projector(nn.Module, ABC):
    """A map from hidden states to the space of a loss, over the last axis.

    Args:
        in_dim: Width of the input.
        out_dim: Width of the output.

    Raises:
        ValueError: If a size is not positive; in `forward`, if the features have another width.
    """

    def __init__(self, in_dim: int, out_dim: int) -> None:
        super().__init__()
        check_sizes(in_dim=in_dim, out_dim=out_dim)
        self.in_dim, self.out_dim = in_dim, out_dim

    @abstractmethod
    def project(self, features: Float[Tensor, "*batch in_dim"]) -> Float[Tensor, "*batch out_dim"]:
        """Return the projected features.

        Args:
            features: Hidden states in the type of the parameters.
        """

    def forward(self, features: Float[Tensor, "*batch in_dim"]) -> Float[Tensor, "*batch out_dim"]:
        """Project the last axis.

        Args:
            features: Hidden states of any float type.

        Returns:
            Projected features.
        """
        if features.shape[-1] != self.in_dim:
            raise ValueError(f"`features` must be `in_dim` = {self.in_dim} wide, but are {list(features.shape)}.")
        return self.project(features.to(next(self.parameters()).dtype))


def check_sizes(**sizes: int) -> None:
    """Refuse sizes that are not positive.

    Args:
        sizes: Sizes by the name of their argument.

    Raises:
        ValueError: If one is not positive.
    """
    for name, size in sizes.items():
        if size < 1:
            raise ValueError(f"`{name}` must be > 0, but got {size}.")


@contextmanager
def drawn_from(seed: int) -> Iterator[None]:
    """Draw what is constructed inside from a seed of its own, on the CPU, so that it is equal on all ranks.

    The global random states, accelerators' included, are as before on leaving.

    Args:
        seed: Any integer.

    Example:
        >>> with drawn_from(seed=3):
        ...     a = torch.rand(2)
        >>> with drawn_from(seed=3):
        ...     bool((torch.rand(2) == a).all())
        True
    """
    with torch.random.fork_rng(devices=[]), torch.device("cpu"):
        # `torch.manual_seed` would also seed accelerators, whose states are not restored.
        torch.default_generator.manual_seed(seed)
        yield
