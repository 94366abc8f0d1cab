"""Any pretrained vision model of transformers as a teacher."""

import inspect
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from transformers import AutoImageProcessor, AutoModel

from vlareg.teachers.base import Teacher

BESIDE_PATCHES = ("cls_token", "class_embedding", "distillation_token", "register_tokens")
"""Names of the parameters that a model puts before its patches."""

UNREAD = ("pooler", "head")
"""Modules behind the patch features, which a checkpoint of another head lacks."""


class TransformersTeacher(Teacher):
    """A pretrained vision model of transformers (DINOv2, SigLIP, CLIP, ViT, ...): its last hidden state at the patches.

    Size, mean and std are those of its `preprocessor_config.json`. Of a model with a text tower, the vision tower is
    taken. Where the tokens besides the patches stand is checked: their number is what is left over, and it must be that
    of the model's class and register tokens.

    Args:
        model: A folder with `config.json`, `preprocessor_config.json` and weights, or a name in the hub, which
            transformers loads from its cache or the hub.
        image_size: Height and width that the images are resized to (pixels); without it, the size that the model was
            trained with.

    Raises:
        RuntimeError: If no pretrained weights can be loaded, or any are missing: a teacher is never random.
        ValueError: If the model's tokens are not patches behind class and register tokens.

    Example:
        >>> TransformersTeacher("no/such/folder")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        RuntimeError: No pretrained weights of `no/such/folder`...
    """

    def __init__(self, model: str | Path, image_size: int | None = None) -> None:
        encoder, processor = _load(str(model))
        self.patch_size = int(encoder.config.patch_size)
        self._options = (
            {"interpolate_pos_encoding": True} if _takes(encoder.forward, "interpolate_pos_encoding") else {}
        )
        mean, std = (processor.image_mean, processor.image_std) if processor.do_normalize else ([0.0] * 3, [1.0] * 3)
        super().__init__(encoder, image_size or _trained_size(processor), mean, std)

    def feature_map(self, pixels: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch dim rows columns"]:
        """Return the last hidden state at the patches."""
        tokens: Tensor = self.encoder(pixel_values=pixels, **self._options).last_hidden_state
        rows, columns = (length // self.patch_size for length in pixels.shape[-2:])
        before = tokens.shape[1] - rows * columns
        if before != (expected := _tokens_beside(self.encoder)):
            raise ValueError(
                f"`model` gives {tokens.shape[1]} tokens for {rows} x {columns} patches of {self.patch_size} pixels and "
                f"has {expected} class and register tokens: its patch features are not understood."
            )
        return tokens[:, before:].transpose(1, 2).reshape(len(tokens), -1, rows, columns)


def _load(model: str) -> tuple[Any, Any]:
    options: dict[str, Any] = {"dtype": torch.float32, "trust_remote_code": False}
    try:
        with torch.random.fork_rng(devices=[]):  # what is loaded was drawn before
            whole, info = AutoModel.from_pretrained(model, output_loading_info=True, **options)
        read: Any = AutoImageProcessor.from_pretrained
        processor = read(model, trust_remote_code=False)
    except Exception as error:
        raise RuntimeError(f"No pretrained weights of `{model}` ({error}). Give a local folder as `model`.") from error
    random = {str(key) for key in info["missing_keys"]} | {str(key) for key, *_ in info["mismatched_keys"]}
    if lacking := sorted(key for key in random if not set(UNREAD) & set(key.split("."))):
        raise RuntimeError(f"`{model}` lacks weights of its model: {lacking[:5]}. A teacher is never random.")
    return getattr(whole, "vision_model", whole), processor


def _trained_size(processor: Any) -> tuple[int, int]:
    size = processor.crop_size if getattr(processor, "do_center_crop", False) else processor.size
    side = size.get("shortest_edge")
    return (side, side) if side else (size["height"], size["width"])


def _takes(function: Any, name: str) -> bool:
    return name in inspect.signature(function).parameters


def _tokens_beside(encoder: nn.Module) -> int:
    """Count class and register tokens."""
    named = [(name.rpartition(".")[2], p) for name, p in encoder.named_parameters()]
    return sum(p.numel() // p.shape[-1] for name, p in named if name in BESIDE_PATCHES)
