"""How to read a feature map from a timm model."""

from collections.abc import Mapping
from typing import Any

import timm
import torch
from torch import Tensor, nn


def build(model: str, **options: Any) -> nn.Module:
    """Create a timm model without touching the global random state.

    Args:
        model: Name of a timm model.
        options: Further arguments of `timm.create_model`.
    """
    with torch.random.fork_rng(devices=[]):
        encoder: nn.Module = timm.create_model(model, **options)
    return encoder


def last_map(encoder: nn.Module, pixels: Tensor, layer: int) -> Tensor:
    """Return one layer's features as [batch, dim, rows, columns], prefix tokens dropped.

    Args:
        encoder: A timm model.
        pixels: Normalised images.
        layer: Index of the block (transformers) or of the stage (convolutional networks); -1 is the last.
    """
    read: Any = encoder.forward_intermediates
    options = {"indices": [layer], "norm": True, "output_fmt": "NCHW", "intermediates_only": True, "stop_early": True}
    feature_map: Tensor = read(pixels, **options)[0]
    return feature_map


def by_order(weights: Mapping[str, Tensor], encoder: nn.Module, source: str) -> dict[str, Tensor]:
    """Rename the tensors of a file, which stand in the same order under other names.

    Args:
        weights: Tensors of the file.
        encoder: The model that they are for.
        source: Name of the file, for the message.

    Returns:
        The tensors under the model's names.

    Raises:
        ValueError: If the number of tensors or any shape differs.
    """
    expected = encoder.state_dict()
    if len(weights) != len(expected):
        raise ValueError(f"{source} holds {len(weights)} tensors where the model has {len(expected)}.")
    for (theirs, a), (ours, b) in zip(weights.items(), expected.items(), strict=True):
        if a.shape != b.shape:
            raise ValueError(f"{source}: `{theirs}` is {list(a.shape)} where the model's `{ours}` is {list(b.shape)}.")
    return dict(zip(expected, weights.values(), strict=True))
