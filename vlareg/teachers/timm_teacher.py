"""Any pretrained timm model as a teacher."""

from pathlib import Path
from typing import Any

import timm
from jaxtyping import Float
from torch import Tensor

from vlareg.teachers.base import Teacher
from vlareg.teachers.timm_features import build, last_map


class TimmTeacher(Teacher):
    """A pretrained timm model (RADIO, DINOv2, SigLIP, ...), with the size, mean and std that it was trained with.

    Args:
        model: Name of a timm model, for example `vit_large_patch14_reg4_dinov2.lvd142m`.
        weights: A file in timm's names (safetensors, or a pickle of tensors only); without it, timm loads its own
            weights from its cache or the hub.
        image_size: Height and width that the images are resized to (pixels), one number for both; without it, the size
            that the model was trained with.
        layer: Index of the block (transformers) or of the stage (convolutional networks) that is read; -1 is the last.

    Raises:
        FileNotFoundError: If `weights` does not exist.
        RuntimeError: If no pretrained weights can be loaded: a teacher is never random.

    Example:
        >>> TimmTeacher("resnet10t", weights="missing.safetensors")
        Traceback (most recent call last):
        FileNotFoundError: `weights`: no file at missing.safetensors.
    """

    def __init__(
        self,
        model: str,
        weights: str | Path | None = None,
        image_size: int | tuple[int, int] | None = None,
        layer: int = -1,
    ) -> None:
        if weights is not None and not Path(weights).is_file():
            raise FileNotFoundError(f"`weights`: no file at {weights}.")
        options: dict[str, Any] = {"pretrained_cfg_overlay": {"file": str(weights)}} if weights is not None else {}
        if image_size is not None and _fixed_size(model):
            options["img_size"] = image_size  # the position embedding is resampled once, from the file's
        try:
            # With the classifier that it was trained with: without, timm loads what fits and leaves the rest random.
            encoder: Any = build(model, pretrained=True, **options)
        except Exception as error:
            raise RuntimeError(
                f"No pretrained weights of timm's `{model}` from {weights or 'its cache or hub'} ({error}). "
                "Give a local file as `weights`."
            ) from error
        config = encoder.pretrained_cfg
        self.layer = layer
        super().__init__(encoder, image_size or config["input_size"][1:], config["mean"], config["std"])

    def feature_map(self, pixels: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch dim rows columns"]:
        """Return the features of `layer`."""
        return last_map(self.encoder, pixels, self.layer)


def _fixed_size(model: str) -> bool:
    config = timm.get_pretrained_cfg(model)
    return config is not None and bool(config.fixed_input_size)
