"""What the words for an object look at, and what they become, block by block."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from vlareg.diagnose.attention_tap import AttentionTap
from vlareg.diagnose.object_words import object_words
from vlareg.diagnose.policy_inputs import policy_batch
from vlareg.diagnose.scenes import Scene
from vlareg.features import FeatureTap
from vlareg.policies.openvla import OpenVLAForActionPrediction, OpenVLAProcessor

BATCH = 16
"""Scenes at a time."""


@dataclass(frozen=True)
class SceneReadings:
    """What was read at the words that name the object.

    Args:
        attention: Their attention to each patch of each view, a mean over heads and words: shares of all their attention.
        states: Mean of their states behind each block.
    """

    attention: Float[Tensor, "blocks scenes views rows columns"]
    states: Float[Tensor, "blocks scenes dim"]


@torch.no_grad()
def read_scenes(
    policy: OpenVLAForActionPrediction, processor: OpenVLAProcessor, scenes: Sequence[Scene]
) -> SceneReadings:
    """Run the policy once over scenes.

    Args:
        policy: The policy, in evaluation mode.
        processor: Its processor.
        scenes: At least one.
    """
    parts = [_read(policy, processor, scenes[i : i + BATCH]) for i in range(0, len(scenes), BATCH)]
    attention, states = (torch.cat(tensors, dim=1).cpu() for tensors in zip(*parts, strict=True))
    return SceneReadings(attention, states)


def _read(
    policy: OpenVLAForActionPrediction, processor: OpenVLAProcessor, scenes: Sequence[Scene]
) -> tuple[Tensor, Tensor]:
    instructions = [scene.instruction for scene in scenes]
    batch = policy_batch(processor, np.stack([scene.frames for scene in scenes]), instructions).to(policy.device)
    words = object_words(processor, batch, instructions, [scene.thing.name for scene in scenes])
    paths = _block_paths(policy)
    with FeatureTap(policy, paths) as tap, AttentionTap(policy.language_model, words) as attention:
        policy(**batch.model_inputs())
    weights = torch.stack(attention.weights)[:, :, 1 : 1 + policy.num_patches]
    counts = words.sum(dim=1, keepdim=True)
    states = [torch.where(words.unsqueeze(-1), tap[path].float(), 0.0).sum(dim=1) / counts for path in paths]
    views = weights.reshape(*weights.shape[:2], batch.num_views, *patch_grid(policy))
    return views, torch.stack(states)


def _block_paths(policy: OpenVLAForActionPrediction) -> list[str]:
    paths = {module: path for path, module in policy.named_modules()}
    return [paths[block] for block in cast(Iterable[nn.Module], policy.language_model.model.layers)]


def patch_grid(policy: OpenVLAForActionPrediction) -> tuple[int, int]:
    """Return the rows and columns of the patches of a view.

    Args:
        policy: The policy.
    """
    rows, columns = policy.vision_backbone.encoders[0].patch_embed.grid_size
    return rows, columns
