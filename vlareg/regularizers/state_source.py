"""What RS-CL compares samples by."""

from abc import ABC, abstractmethod
from typing import ClassVar, Literal, get_args

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vlareg.batch import VLABatch
from vlareg.distributed import all_gather_with_grad

Scaling = Literal["std", "minmax", "none"]


class StateSource(nn.Module, ABC):
    """Turn a quantity of the batch into vectors whose distances compare samples, each dimension scaled.

    The scale is that of the training split once `fit` was called (`RegularizedPolicy` does it), and is saved; without it,
    that of the batch, over all ranks.

    Args:
        dim: Number of dimensions.
        smallest_scale: Smallest divisor of each dimension: what varies by less is noise and stays small.
        scaling: "std" (subtract the mean, divide by the standard deviation), "minmax" (to [-1, 1] over the data set) or
            "none".

    Raises:
        ValueError: If `scaling` is unknown.
    """

    quantity: ClassVar[str]
    """Name of the field of `VLABatch` that is read."""

    def __init__(self, dim: int, smallest_scale: tuple[float, ...], scaling: Scaling) -> None:
        super().__init__()
        if scaling not in get_args(Scaling):
            raise ValueError(f"`scaling` must be one of {get_args(Scaling)}, but got {scaling!r}.")
        self.scaling, self.smallest_scale = scaling, smallest_scale
        self.register_buffer("centre", torch.full((dim,), torch.nan))
        self.register_buffer("scale", torch.full((dim,), torch.nan))
        self.centre: Tensor
        self.scale: Tensor

    @abstractmethod
    def vectors(self, values: Float[Tensor, "*samples size"]) -> Float[Tensor, "*samples dim"]:
        """Return the unscaled vectors.

        Args:
            values: The quantity.

        Raises:
            ValueError: If its last axis has another size.
        """

    def fit(self, values: Float[Tensor, "samples size"]) -> None:
        """Take the scale from a whole data set.

        Args:
            values: The quantity of every transition of the training split.
        """
        self.centre, self.scale = (part.to(self.scale) for part in self._statistics(self.vectors(values.float())))

    def read(self, batch: VLABatch) -> Float[Tensor, "samples dim"]:
        """Return the states of a batch.

        Args:
            batch: The batch.

        Raises:
            ValueError: If the batch lacks the quantity.
        """
        values: Tensor | None = getattr(batch, self.quantity)
        if values is None:
            raise ValueError(f"`batch.{self.quantity}` is missing, which {type(self).__name__} reads.")
        states: Tensor = self(values)
        return states

    def forward(self, values: Float[Tensor, "batch *times size"]) -> Float[Tensor, "batch dims"]:
        """Return the scaled states, without gradient; those of several times stand side by side.

        Args:
            values: The quantity of each sample.
        """
        vectors = self.vectors(values.detach().float())
        if self.scaling != "none":
            fitted = bool(self.scale.isfinite().all())
            centre, scale = (self.centre, self.scale) if fitted else self._statistics(all_gather_with_grad(vectors))
            vectors = (vectors - centre) / scale
        return vectors.flatten(1)

    def _statistics(self, vectors: Tensor) -> tuple[Tensor, Tensor]:
        rows = vectors.flatten(0, -2)
        if self.scaling == "minmax":
            low, high = rows.amin(dim=0), rows.amax(dim=0)
            centre, scale = (low + high) / 2, (high - low) / 2
        else:
            centre, scale = rows.mean(dim=0), rows.std(dim=0, correction=0)
        return centre, torch.maximum(scale, scale.new_tensor(self.smallest_scale))
