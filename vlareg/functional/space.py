"""How one side's vectors are compared."""

from dataclasses import dataclass
from typing import Literal, TypeVar, get_args

import torch

from vlareg.functional.checks import RESOLUTION, check_directions
from vlareg.functional.precision import at_least_float32
from vlareg.shapes import Embeddings

Distance = Literal["inner", "cosine", "euclidean"]
Normalization = Literal["none", "centre", "standardise"]
T = TypeVar("T")


@dataclass(frozen=True)
class Space:
    """One side's geometry: what is done to its vectors, and what makes two of them near.

    Args:
        distance: "inner" (a larger inner product is nearer), "cosine" (a smaller angle) or "euclidean".
        normalize: Done first, over the samples: "none", "centre" (subtract the mean; without it, vectors that share a
            large mean all point the same way), or "standardise" (centre, and divide each column that varies by its
            standard deviation; without it the column with the largest unit decides who is near). A binary gripper among
            the columns of an action decides in any units, so score the arm and the gripper apart.

    Raises:
        ValueError: If a name is unknown.

    Example:
        >>> Space("cosine", "centre") == FEATURES
        True
    """

    distance: Distance = "inner"
    normalize: Normalization = "none"

    def __post_init__(self) -> None:
        """Refuse unknown names."""
        for name, allowed in (("distance", Distance), ("normalize", Normalization)):
            if getattr(self, name) not in get_args(allowed):
                raise ValueError(f"`{name}` must be one of {get_args(allowed)}, but got {getattr(self, name)!r}.")

    def place(self, x: Embeddings, name: str = "x") -> Embeddings:
        """Return the vectors whose inner products, or Euclidean distances, are this space's, in float32 or better.

        Args:
            x: One vector per sample.
            name: The argument's name, for the message.

        Raises:
            ValueError: If a vector has no direction where the space is one of directions.
        """
        x = at_least_float32(x.detach())
        if self.normalize == "standardise":
            x = _standardised(x)
        elif self.normalize == "centre":
            x = x - x.mean(dim=0)
        if self.distance != "cosine":
            return x
        check_directions(x, name)
        return torch.nn.functional.normalize(x, dim=1, eps=0.0)


def _standardised(x: Embeddings) -> Embeddings:
    """Return columns of mean 0 and standard deviation 1, and zeros where a column does not vary."""
    centred = x - x.mean(dim=0)
    spread = (centred.square().sum(dim=0) / (len(x) - 1)).sqrt()
    return centred * torch.where(spread > RESOLUTION * x.abs().amax(dim=0), 1 / spread, 0)


RAW = Space()
"""Inner products of the vectors as they are: what the published implementation of mutual k-NN does."""

FEATURES = Space("cosine", "centre")
"""Angles between centred vectors: for hidden states."""

ACTIONS = Space("euclidean", "standardise")
"""Euclidean distance in standard deviations: for actions and states, whose columns have units and whose length matters."""


def per_side(value: T | tuple[T, T]) -> tuple[T, T]:
    """Return a setting for each side, from one for both or from a pair.

    Args:
        value: One setting, or one for x and one for y.

    Example:
        >>> per_side(10), per_side((10, 5))
        ((10, 10), (10, 5))
    """
    if not isinstance(value, tuple):
        return value, value
    if len(value) != 2:
        raise ValueError(f"A setting per side has 2 values, but got {len(value)}: {value}.")
    return value
