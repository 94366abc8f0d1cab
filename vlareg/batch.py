"""What one training step consumes."""

from dataclasses import dataclass, fields, replace
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from vlareg.shapes import ActionChunk, Images, Proprio, TokenIds

IGNORED_LABEL = -100


@dataclass(frozen=True)
class VLABatch:
    """A batch of transitions: the model's inputs, and beside them what regularizers and monitors read.

    The model's sequence is longer than `input_ids`: the patches of every view stand, one view after the other, behind position 0.

    Args:
        input_ids: Prompt, action tokens and stop token, right-padded.
        attention_mask: True at tokens, False at padding.
        labels: `input_ids` at action and stop tokens, -100 elsewhere.
        pixel_values: Normalised images; the channels of all views (and encoders) are stacked.
        images: Raw pixels in [0, 1] of the whole frames, without the crop and the colours that augmentation gave
            `pixel_values`: what teachers see.
        proprio: State before the action (m, rad, m).
        actions: Un-normalised actions, the current one first.
        episode_ids: Which episode a transition is from.
        sample_ids: Unique number of a transition in its data set.
        patches_per_view: Number of patch positions that each view takes in the model's sequence.
        joints: Joint positions before the action (rad), where the data set has them.
        boxes: The part of its frames that a sample's `pixel_values` show: left, top, right, bottom as fractions of the
            frame's width and height, the same for all views. None is the whole frame.
        dataset: Fingerprint of the data set that `sample_ids` are numbers of; empty where it has none.
    """

    input_ids: TokenIds
    attention_mask: Bool[Tensor, "batch tokens"]
    labels: TokenIds
    pixel_values: Float[Tensor, "batch channels height width"]
    images: Images
    proprio: Proprio
    actions: ActionChunk
    episode_ids: Int[Tensor, "batch"]
    sample_ids: Int[Tensor, "batch"]
    patches_per_view: int
    joints: Float[Tensor, "batch joints"] | None = None
    boxes: Float[Tensor, "batch 4"] | None = None
    dataset: str = ""

    def __len__(self) -> int:
        return len(self.input_ids)

    @property
    def num_views(self) -> int:
        """Number of camera views."""
        return self.images.shape[1]

    @property
    def view_slices(self) -> tuple[slice, ...]:
        """Positions of each view's patches in the model's sequence."""
        return tuple(
            slice(1 + i * self.patches_per_view, 1 + (i + 1) * self.patches_per_view) for i in range(self.num_views)
        )

    @property
    def view_boxes(self) -> Float[Tensor, "images 4"] | None:
        """`boxes` of every image, in the order of `images.flatten(0, 1)`."""
        return None if self.boxes is None else self.boxes.repeat_interleave(self.num_views, dim=0)

    @property
    def condition_mask(self) -> Bool[Tensor, "batch sequence"]:
        """True at patches and prompt, False at padding and at the teacher-forced action tokens (which are the answer)."""
        prompt = self.attention_mask & (self.labels == IGNORED_LABEL)
        patches = prompt.new_ones(len(prompt), self.num_views * self.patches_per_view)
        return torch.cat([prompt[:, :1], patches, prompt[:, 1:]], dim=1)

    @property
    def last_prompt_position(self) -> Int[Tensor, "batch"]:
        """Position, in the model's sequence, from which the first action token is decoded."""
        return self.condition_mask.sum(dim=1) - 1

    def model_inputs(self) -> dict[str, Tensor]:
        """Return the keyword arguments of the policy's `forward`."""
        names = ("input_ids", "attention_mask", "pixel_values", "labels")
        return {name: getattr(self, name) for name in names}

    def _map(self, function: Any) -> "VLABatch":
        changed = {f.name: function(v) for f in fields(self) if isinstance(v := getattr(self, f.name), Tensor)}
        return replace(self, **changed)

    def to(self, device: torch.device | str, non_blocking: bool = False) -> "VLABatch":
        """Return the batch on another device."""
        return self._map(lambda tensor: tensor.to(device, non_blocking=non_blocking))

    def pin_memory(self) -> "VLABatch":
        """Return the batch in page-locked memory (called by PyTorch's DataLoader)."""
        return self._map(lambda tensor: tensor.pin_memory())
