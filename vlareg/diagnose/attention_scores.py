"""Numbers that say where the words for an object look."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from vlareg.diagnose.estimate import Estimate, mean
from vlareg.diagnose.scenes import BOX, Scene, box_overlap


@dataclass(frozen=True)
class AttentionScores:
    """Where a block's object words look.

    Args:
        on_patches: Share of their attention that is on patches of any view, in [0, 1]; the rest is on words.
        entropy: Of that part's distribution over the patches (nats, at most the log of their number).
        on_object: Share of the first view's attention that is in the box around the object.
        elsewhere: The same where the boxes are those of other scenes: what looking at usual places gives.
        gain: `on_object` less `elsewhere`, above 0 where the words look at their own object.
    """

    on_patches: Estimate
    entropy: Estimate
    on_object: Estimate
    elsewhere: Estimate
    gain: Estimate


def score_attention(
    attention: Float[Tensor, "blocks scenes views rows columns"], scenes: Sequence[Scene]
) -> list[AttentionScores]:
    """Score every block's attention.

    Within a patch attention is taken to be spread evenly.

    Args:
        attention: Attention of the object's words to the patches.
        scenes: The scenes, at least two.

    Raises:
        ValueError: If there is one scene only.
    """
    if len(scenes) < 2:
        raise ValueError(f"`scenes` must be at least 2, so that there are other places, but got {len(scenes)}.")
    rows, columns = attention.shape[-2:]
    boxes = np.stack([box_overlap(scene.centre, BOX, (rows, columns)) for scene in scenes])
    return [_score(maps, torch.from_numpy(boxes).to(maps)) for maps in attention]


def _score(
    maps: Float[Tensor, "scenes views rows columns"], boxes: Float[Tensor, "scenes rows columns"]
) -> AttentionScores:
    total = maps.flatten(1).sum(dim=1)
    share = maps.flatten(1) / total[:, None]
    first = maps[:, 0].flatten(1)
    inside = (first / first.sum(dim=1, keepdim=True)) @ boxes.flatten(1).T
    own = inside.diagonal()
    elsewhere = (inside.sum(dim=1) - own) / (len(inside) - 1)
    entropy = torch.special.entr(share).sum(dim=1)
    return AttentionScores(*map(mean, (total, entropy, own, elsewhere, own - elsewhere)))
