"""Pictures that are no demonstrations, as a policy's inputs."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import UInt8

from vlareg.batch import VLABatch
from vlareg.data.image_set import ImageSet
from vlareg.policies.openvla import OpenVLAProcessor
from vlareg.policies.openvla.preprocessing import rotate_180

Prepared = UInt8[np.ndarray, "pictures size size 3"]


def prepare_pictures(images: ImageSet, processor: OpenVLAProcessor) -> Prepared:
    """Pass upright pictures through what a policy's frames pass through: JPEG, its size, its crop.

    Args:
        images: The pictures, of any sizes.
        processor: The policy's.
    """
    pictures = (rotate_180(images.read(i)) for i in range(len(images)))  # the simulator's frames are upside down
    prepared = np.stack([processor.prepare(picture) for picture in pictures])
    return processor.centre_crop(prepared) if processor.config.trained_with_augmentation else prepared


def policy_batch(
    processor: OpenVLAProcessor,
    frames: UInt8[np.ndarray, "batch views size size 3"],
    instructions: Sequence[str],
    first: int = 0,
) -> VLABatch:
    """Return a batch for one pass of the policy: prepared pictures, instructions, and an action that stands for none.

    Args:
        processor: The policy's.
        frames: Prepared pictures of all views.
        instructions: One per row.
        first: Number of the first row.
    """
    nothing = np.zeros((len(frames), 1), dtype=np.float32)
    numbers = torch.arange(first, first + len(frames))
    images = torch.from_numpy(np.ascontiguousarray(frames)).movedim(-1, 2).float() / 255
    tokens: Any = processor.tokenize(instructions, nothing)
    return VLABatch(
        **tokens,
        pixel_values=processor.normalize(images),
        images=images,
        proprio=torch.zeros(len(frames), 8),
        actions=torch.zeros(len(frames), 1, 1),
        episode_ids=numbers,
        sample_ids=numbers,
        patches_per_view=processor.config.patches_per_view,
    )
