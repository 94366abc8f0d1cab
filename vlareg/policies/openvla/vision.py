"""OpenVLA's vision backbone: one or two timm encoders, whose features of each patch are concatenated."""

from functools import lru_cache
from typing import Any

import timm
import torch
from jaxtyping import Float
from timm.models.vision_transformer import VisionTransformer
from torch import Tensor, nn

import vlareg.policies.openvla.encoders  # noqa: F401  (registers the small encoders with timm)
from vlareg.policies.openvla.attention import fused_is_slow


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
    try:
        encoder = timm.create_model(model_id, pretrained=False, num_classes=0, img_size=image_size, **options)
    except TypeError as error:  # only ViTs know `img_size`
        raise ValueError(f"`timm_model_ids` names {model_id!r}, which is not a ViT: {error}") from error
    if not isinstance(encoder, VisionTransformer):
        raise ValueError(f"`timm_model_ids` names {model_id!r}, which is not a ViT but a {type(encoder).__name__}.")
    for block in encoder.blocks:
        for name in ("ls1", "ls2"):
            gamma = getattr(getattr(block, name, None), "gamma", None)
            if isinstance(gamma, Tensor):
                setattr(block, name, LayerScale(gamma))
    return encoder


@lru_cache(maxsize=16)
def count_patches(model_id: str, image_size: int) -> int:
    """Return the number of patches of one image, from the encoder's structure alone."""
    with torch.device("meta"):
        return int(build_encoder(model_id, image_size).patch_embed.num_patches)


class VisionBackbone(nn.Module):
    """Encode every camera view by every encoder.

    The features are the output of an encoder's second-to-last block, without the final norm and the prefix tokens.

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

    def unread_modules(self) -> list[nn.Module]:
        """Return what stands behind the features: stored in checkpoints, but no loss ever reaches it."""
        names = ("norm", "fc_norm", "attn_pool", "head")
        behind = [getattr(encoder, name, None) for encoder in self.encoders for name in names]
        return [encoder.blocks[-1] for encoder in self.encoders] + [module for module in behind if module is not None]

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
        batch, _, height, width = pixel_values.shape
        images = pixel_values.reshape(batch * self.num_views, len(encoders), 3, height, width)
        features = torch.cat([self._encode(encoder, images[:, i]) for i, encoder in enumerate(encoders)], dim=-1)
        return features.reshape(batch, self.num_views * self.patches_per_view, self.feature_dim)

    def _encode(
        self, encoder: Any, images: Float[Tensor, "images 3 height width"]
    ) -> Float[Tensor, "images patches dim"]:
        encoder.set_grad_checkpointing(self.gradient_checkpointing and self.training)
        for block in encoder.blocks:
            block.attn.fused_attn = not fused_is_slow(images)
        last = len(encoder.blocks) - 2
        features: list[Tensor] = encoder.forward_intermediates(
            images, indices=[last], stop_early=True, output_fmt="NLC", intermediates_only=True
        )
        return features[0]
