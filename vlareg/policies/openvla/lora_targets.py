"""Which layers of an OpenVLA get adapters: presets of patterns that match full module names."""

import re
from collections.abc import Sequence
from difflib import get_close_matches

from torch import nn
from transformers import LlamaConfig

from vlareg.policies.openvla.modeling import OpenVLAForActionPrediction

LANGUAGE = r"language_model\.model\.layers\.\d+\.(self_attn\.[qkvo]_proj|mlp\.(gate|up|down)_proj)"
HEAD = r"language_model\.lm_head"
PROJECTOR = r"projector\.fc[123]"
PATCHES = r"vision_backbone\.(fused_)?featurizer\.patch_embed\.proj"
POOLING = r"vision_backbone\.(fused_)?featurizer\.attn_pool\.(q|kv|proj|mlp\.fc[12])"
BLOCK = r"(attn\.(qkv|proj)|mlp\.fc[12])"
BLOCKS = rf"vision_backbone\.(fused_)?featurizer\.blocks\.\d+\.{BLOCK}"

PRESETS = ("reference", "modern", "live", "language", "vision")
"""Names of the presets; `LoRA` says what they mean."""


def target_pattern(policy: OpenVLAForActionPrediction, targets: str | Sequence[str]) -> str:
    """Return one regular expression for the full names of the layers that get adapters.

    Args:
        policy: The policy.
        targets: Presets or expressions of one's own, one or several.

    Raises:
        ValueError: If one of them matches nothing, or a preset does not match as many layers as the architecture has.
    """
    patterns = [_checked(policy, target) for target in ([targets] if isinstance(targets, str) else targets)]
    if not patterns:
        raise ValueError("`targets` must name at least one preset or pattern, but is empty.")
    return "|".join(patterns)


def matching_layers(policy: nn.Module, pattern: str) -> list[str]:
    """Return the full names of the linear layers and convolutions that a pattern matches.

    Args:
        policy: The policy.
        pattern: A regular expression for the whole name.
    """
    layers = (nn.Linear, nn.Conv2d)
    names = (name for name, module in policy.named_modules() if isinstance(module, layers))
    return [name for name in names if re.fullmatch(pattern, name)]


def _checked(policy: OpenVLAForActionPrediction, target: str) -> str:
    pattern = _preset(policy, target) if target in PRESETS else target
    found = len(matching_layers(policy, pattern))
    if target in PRESETS and found != (expected := _expected(policy, target)):
        raise ValueError(
            f"Preset {target!r} must match {expected} layers of this architecture, but matches {found}: a library "
            "has given them other names. Give `targets` a pattern of full module names."
        )
    if not found:
        near = get_close_matches(target, PRESETS, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else f"Presets are {', '.join(PRESETS)}."
        raise ValueError(f"`targets`: {target!r} matches the full name of no layer. {hint}")
    return pattern


def _preset(policy: OpenVLAForActionPrediction, name: str) -> str:
    vision = "|".join([PATCHES, *_live_blocks(policy)])
    presets = {
        "reference": [LANGUAGE, HEAD, PROJECTOR, PATCHES, BLOCKS, POOLING],
        "modern": [LANGUAGE, PROJECTOR, BLOCKS, POOLING],
        "live": [LANGUAGE, HEAD, PROJECTOR, vision],
        "language": [LANGUAGE],
        "vision": [vision],
    }
    return "|".join(presets[name])


def _live_blocks(policy: OpenVLAForActionPrediction) -> list[str]:
    """Return a pattern per encoder that leaves out its last block, behind the features."""
    names = ("featurizer", "fused_featurizer")
    return [
        rf"vision_backbone\.{name}\.blocks\.(?!{len(encoder.blocks) - 1}\.)\d+\.{BLOCK}"
        for name, encoder in zip(names, policy.vision_backbone.encoders, strict=False)
    ]


def _expected(policy: OpenVLAForActionPrediction, name: str) -> int:
    """Count the layers by the architecture rather than by names: 7 a Llama block, 4 a ViT block."""
    assert isinstance(policy.config.text_config, LlamaConfig)
    encoders = policy.vision_backbone.encoders
    language = 7 * policy.config.text_config.num_hidden_layers
    blocks = 4 * sum(len(encoder.blocks) for encoder in encoders)
    last = 4 * len(encoders)
    pooling = 5 * sum(encoder.attn_pool is not None for encoder in encoders)
    patches = sum(isinstance(getattr(encoder.patch_embed, "proj", None), nn.Conv2d) for encoder in encoders)
    return {
        "reference": language + 1 + 3 + blocks + pooling + patches,
        "modern": language + 3 + blocks + pooling,
        "live": language + 1 + 3 + blocks - last + patches,
        "language": language,
        "vision": blocks - last + patches,
    }[name]
