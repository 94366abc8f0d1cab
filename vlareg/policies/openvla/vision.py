"""OpenVLA's vision backbone: one or two timm encoders, whose features of each patch are concatenated."""

from functools import lru_cache
from typing import Any

import timm
import torch
from jaxtyping import Float
from timm.models.vision_transformer import LayerScale as TimmLayerScale
from timm.models.vision_transformer import VisionTransformer
from torch import Tensor, nn

from vlareg.policies.openvla import encoders  # noqa: F401  (registers the small encoders with timm)


class LayerScale(nn.Module):
    """Scale each channel, under the parameter name of OpenVLA's files.

    Args:
        gamma: Initial scale of each channel (dimensionless).
    """

    def __init__(self, gamma: Float[Tensor, "dim"]):
        super().__init__()
        self.scale_factor = nn.Parameter(gamma.detach().clone())

    def forward(self, x: Float[Tensor, "*batch dim"]) -> Float[Tensor, "*batch dim"]:
        """Return the scaled channels."""
        return x * self.scale_factor


def build_encoder(model_id: str, image_size: int, act_layer: str | None = None) -> VisionTransformer:
    """Build a timm ViT without weights and without a classifier.

    Args:
        model_id: Name known to timm.
        image_size: Height and width (pixels).
        act_layer: Activation layer instead of the encoder's own.

    Returns:
        The encoder; its LayerScale parameters are called `scale_factor`.

    Raises:
        ValueError: If timm does not know the name, or it is not a ViT's.
    """
    if not timm.is_model(model_id):
        raise ValueError(
            f"`timm_model_ids` names {model_id!r}, which timm {timm.__version__} does not know. "
            "Import the module that registers it first."
        )
    options: dict[str, Any] = {} if act_layer is None else {"act_layer": act_layer}
    encoder = timm.create_model(model_id, pretrained=False, num_classes=0, img_size=image_size, **options)
    if not isinstance(encoder, VisionTransformer):
        raise ValueError(f"`timm_model_ids` names {model_id!r}, which is a {type(encoder).__name__} and not a ViT.")
    for block in encoder.blocks:
        for name in ("ls1", "ls2"):
            if isinstance(old := getattr(block, name), TimmLayerScale):
                setattr(block, name, LayerScale(old.gamma))
    return encoder


@lru_cache(maxsize=16)
def count_patches(model_id: str, image_size: int) -> int:
    """Return the number of patches of one image, from the encoder's structure alone."""
    with torch.device("meta"):
        return int(build_encoder(model_id, image_size).patch_embed.num_patches)


class VisionBackbone(nn.Module):
    """Encode every camera view by every encoder; the feature is the second-to-last block's output, without the final norm.

    Args:
        model_ids: timm names of one or two encoders.
        image_size: Height and width (pixels).
        act_layers: Activation layer per encoder, None for its own.
        num_views: Number of camera views.

    Raises:
        ValueError: If the encoders cut an image into different numbers of patches.
    """

    def __init__(self, model_ids: list[str], image_size: int, act_layers: list[str | None], num_views: int = 1):
        super().__init__()
        self.num_views = num_views
        self.gradient_checkpointing = False
        self.featurizer = build_encoder(model_ids[0], image_size, act_layers[0])
        self.fused_featurizer = build_encoder(model_ids[1], image_size, act_layers[1]) if len(model_ids) > 1 else None
        counts = [encoder.patch_embed.num_patches for encoder in self.encoders]
        if len(set(counts)) != 1:
            raise ValueError(f"`timm_model_ids` must give equal numbers of patches, but {model_ids} give {counts}.")
        self.patches_per_view: int = counts[0]
        self.feature_dim: int = sum(encoder.embed_dim for encoder in self.encoders)

    @property
    def encoders(self) -> list[VisionTransformer]:
        """The encoders, in the order of the channels."""
        return [self.featurizer] if self.fused_featurizer is None else [self.featurizer, self.fused_featurizer]

    def forward(
        self, pixel_values: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch view_patches feature"]:
        """Return the features of each patch, one view after the other.

        Args:
            pixel_values: Normalised images; per view, 3 channels for each encoder.

        Raises:
            ValueError: If the number of channels is another.
        """
        encoders = self.encoders
        expected = self.num_views * 3 * len(encoders)
        if pixel_values.shape[1] != expected:
            raise ValueError(
                f"`pixel_values` must have {expected} channels ({self.num_views} view(s) x {len(encoders)} encoder(s) "
                f"x 3), but got {tuple(pixel_values.shape)}."
            )
        images = pixel_values.unflatten(1, (self.num_views, len(encoders), 3)).flatten(0, 1)
        features = [self._encode(encoder, images[:, i]) for i, encoder in enumerate(encoders)]
        return torch.cat(features, dim=-1).unflatten(0, (-1, self.num_views)).flatten(1, 2)

    def _encode(
        self, encoder: VisionTransformer, images: Float[Tensor, "images 3 height width"]
    ) -> Float[Tensor, "images patches dim"]:
        encoder.set_grad_checkpointing(self.gradient_checkpointing and self.training)
        last = len(encoder.blocks) - 2
        (features,) = encoder.forward_intermediates(
            images, indices=[last], stop_early=True, output_fmt="NLC", intermediates_only=True
        )
        return features
