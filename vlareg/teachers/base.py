"""What every teacher does to pixels, and how it stays frozen and unsaved."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from vlareg.batch import VLABatch
from vlareg.functional.precision import at_least_float32
from vlareg.shapes import Tokens


class PatchFeatures(NamedTuple):
    """Features of an image's patches, row by row.

    Args:
        features: One vector per patch, [batch, rows * columns, dim].
        grid: Rows and columns of the patches.
    """

    features: Tokens
    grid: tuple[int, int]


class Teacher(nn.Module, ABC):
    """A frozen vision encoder: raw pixels in, patch features with their grid out.

    The encoder moves with `.to(...)` but is hidden from `parameters()`, `state_dict()` and `train()`: no optimizer, DDP
    wrapper or checkpoint ever sees it, and it stays in eval mode. A checkpoint is therefore loaded with the same
    teacher constructed anew.

    Args:
        encoder: The network; it is frozen and set to eval mode.
        image_size: Height and width that the images are resized to (pixels); one number for both.
        mean: Mean that the encoder was trained with, one value per colour (pixels in [0, 1]).
        std: Standard deviation that it was trained with.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self, encoder: nn.Module, image_size: int | tuple[int, int], mean: Sequence[float], std: Sequence[float]
    ) -> None:
        super().__init__()
        # A module inside a tuple is not registered as a child.
        self._hidden = (encoder.eval().requires_grad_(False),)
        self.image_size = (image_size, image_size) if isinstance(image_size, int) else image_size
        self.register_buffer("mean", torch.tensor(mean).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).view(3, 1, 1), persistent=False)
        self.dim = self(torch.zeros(1, 3, *self.image_size)).features.shape[-1]

    @property
    def encoder(self) -> nn.Module:
        """The frozen network."""
        return self._hidden[0]

    @abstractmethod
    def feature_map(self, pixels: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch dim rows columns"]:
        """Return the encoder's features.

        Args:
            pixels: Images of the encoder's size, normalised with its mean and std.
        """

    def features_of(self, batch: VLABatch) -> PatchFeatures:
        """Return the features of a batch's whole frames, as `batch.images.flatten(0, 1)` orders them.

        The crop and the colours of the augmentation do not reach a teacher: where the policy sees a part of a frame,
        the features are read at that part (`resample`), and they are the same whether they were computed now or before.

        Args:
            batch: The batch.
        """
        features: PatchFeatures = self(batch.images.flatten(0, 1))
        return features

    @torch.no_grad()
    def forward(self, images: Float[Tensor, "batch 3 height width"]) -> PatchFeatures:
        """Return the patch features of raw images.

        Args:
            images: Raw pixels in [0, 1].

        Returns:
            Features (without gradient, float32) and their grid.

        Raises:
            ValueError: If the images are not floats in [0, 1] with 3 colours.
        """
        if images.ndim != 4 or images.shape[1] != 3 or not images.is_floating_point():
            raise ValueError(
                f"`images` must be floats [batch, 3, height, width], but are {images.dtype} {list(images.shape)}."
            )
        if not (images.amin() >= 0 and images.amax() <= 1):
            raise ValueError("`images` must be raw pixels in [0, 1]: a teacher applies its own mean and std.")
        pixels = images.to(self.mean.dtype)
        if pixels.shape[-2:] != self.image_size:
            pixels = F.interpolate(pixels, self.image_size, mode="bicubic", antialias=True).clamp(0, 1)
        # Under autocast a teacher that runs would not say what a cached one said.
        with torch.autocast(pixels.device.type, enabled=False):
            features = self.feature_map((pixels - self.mean) / self.std)
        rows, columns = features.shape[-2:]
        return PatchFeatures(at_least_float32(features.flatten(2).transpose(1, 2)), (rows, columns))

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> "Teacher":
        self.encoder._apply(fn, recurse)  # type: ignore[no-untyped-call]
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        return self
