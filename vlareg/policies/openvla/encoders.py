"""Two small encoders with the structure of OpenVLA's own, registered with timm under the names of their functions."""

from itertools import pairwise
from typing import Any

from jaxtyping import Float
from timm.models import register_model
from timm.models.vision_transformer import VisionTransformer
from torch import Tensor, nn


class ConvStem(nn.Module):
    """Embed patches by overlapping convolutions, from which a small model learns faster than from one linear map.

    Args:
        img_size: Height and width (pixels).
        patch_size: Height and width of the area that one output stands for (pixels); 4 times a power of 2.
        in_chans: Number of input channels.
        embed_dim: Number of output channels.
        **_: What timm's encoders pass to every patch embedding.

    Reference:
        Xiao et al., "Early Convolutions Help Transformers See Better", 2021, arXiv:2106.14881. Differs in the first
        convolution (stride 4, to spare memory traffic) and in the norm (over channels, so that nothing depends on the
        batch).
    """

    def __init__(self, img_size: int = 96, patch_size: int = 16, in_chans: int = 3, embed_dim: int = 128, **_: Any):
        super().__init__()
        halvings = (patch_size // 4).bit_length() - 1
        if patch_size != 4 << halvings or img_size % patch_size:
            raise ValueError(f"`patch_size` must be 4 times a power of 2 and divide {img_size}, but got {patch_size}.")
        self.grid_size = (img_size // patch_size, img_size // patch_size)
        self.num_patches = self.grid_size[0] * self.grid_size[1]
        self.patch_size = (patch_size, patch_size)
        widths = [embed_dim >> (halvings - i) for i in range(halvings + 1)]
        self.first = nn.Conv2d(in_chans, widths[0], kernel_size=7, stride=4, padding=3)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for width in widths[:-1])
        self.convs = nn.ModuleList(nn.Conv2d(a, b, kernel_size=3, stride=2, padding=1) for a, b in pairwise(widths))

    def forward(self, images: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch patches dim"]:
        """Return one embedding per patch, row after row."""
        x: Tensor = self.first(images).permute(0, 2, 3, 1)
        for norm, conv in zip(self.norms, self.convs, strict=True):
            x = nn.functional.gelu(norm(x))
            x = conv(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        return x.flatten(1, 2)


def _build(defaults: dict[str, Any], overrides: dict[str, Any]) -> VisionTransformer:
    for name in ("pretrained_cfg", "pretrained_cfg_overlay", "cache_dir", "features_only"):
        overrides.pop(name, None)  # timm passes these to every entry point
    mini = {"img_size": 96, "patch_size": 16, "embed_dim": 128, "depth": 5, "num_heads": 4, "mlp_ratio": 3.0}
    return VisionTransformer(**{**mini, "embed_layer": ConvStem, **defaults, **overrides})


def _refuse_pretrained(pretrained: bool, name: str) -> None:
    if pretrained:
        raise ValueError(f"`pretrained` must be False: {name} has no weights of its own.")


@register_model
def vit_mini_dinov2(pretrained: bool = False, **kwargs: Any) -> VisionTransformer:
    """Build a small encoder with DINOv2's structure: class token, four registers, LayerScale."""
    _refuse_pretrained(pretrained, "vit_mini_dinov2")
    return _build({"init_values": 1.0, "reg_tokens": 4, "no_embed_class": True}, kwargs)


@register_model
def vit_mini_siglip(pretrained: bool = False, **kwargs: Any) -> VisionTransformer:
    """Build a small encoder with SigLIP's structure: no class token, pooling by attention."""
    _refuse_pretrained(pretrained, "vit_mini_siglip")
    return _build({"class_token": False, "global_pool": "map"}, kwargs)
