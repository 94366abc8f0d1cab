"""Transitions of prepared demonstrations as training batches."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from torch.utils.data import Dataset

from vlareg.batch import VLABatch
from vlareg.data.augmentation import Boxes, augment, crop_boxes
from vlareg.data.prepared import PreparedFile
from vlareg.data.sampler import Draw
from vlareg.data.statistics import dataset_statistics, gripper_to_openvla
from vlareg.policies.openvla import OpenVLAProcessor, normalize_actions
from vlareg.shapes import Images

FINGERPRINT_FRAMES = 64
"""Frames, evenly spaced, that a data set is recognised by."""


@dataclass(frozen=True)
class Split:
    """Rows of one prepared file that belong to a split, and the number of its first episode in the whole data set."""

    file: PreparedFile
    rows: np.ndarray
    first_episode: int


class Transitions(Dataset[VLABatch]):
    """All transitions of some episodes; fetched a whole batch at a time.

    Args:
        splits: Rows of prepared files.
        processor: Tokenizes, normalises and, where nothing is augmented, crops as at roll-out.
        statistics: Entry of `norm_stats` for the actions; None computes it from these transitions.
        augmentation_seed: Seed of the augmentation; None leaves it out.
        horizon: Number of actions in `VLABatch.actions` (environment steps); at an episode's end the last one repeats.

    Raises:
        ValueError: An episode has fewer steps than `horizon`.
    """

    def __init__(
        self,
        splits: Sequence[Split],
        processor: OpenVLAProcessor,
        *,
        statistics: dict[str, Any] | None = None,
        augmentation_seed: int | None = None,
        horizon: int = 1,
    ) -> None:
        _check_lengths(splits, horizon)
        self.frames = [split.file.frames for split in splits]
        self.instructions = [split.file.instruction for split in splits]
        self.processor, self.augmentation_seed, self.horizon = processor, augmentation_seed, horizon
        self.proprio = np.concatenate([split.file.proprio[split.rows] for split in splits])
        joints = [split.file.joints for split in splits]
        self.joints: np.ndarray | None = None
        if all(positions is not None for positions in joints):
            self.joints = np.concatenate(
                [p[split.rows] for p, split in zip(joints, splits, strict=True) if p is not None]
            )
        self.actions = gripper_to_openvla(np.concatenate([split.file.actions[split.rows] for split in splits]))
        self.episodes = np.concatenate([split.first_episode + split.file.episodes[split.rows] for split in splits])
        self.where = np.array([(number, row) for number, split in enumerate(splits) for row in split.rows]).reshape(
            -1, 2
        )
        self.statistics = statistics or dataset_statistics(self.actions, self.proprio, len(np.unique(self.episodes)))
        self.last = np.searchsorted(self.episodes, self.episodes, side="right") - 1
        self.fingerprint = self._fingerprint()

    def __len__(self) -> int:
        return len(self.where)

    def __getitems__(self, draws: Sequence[Draw | int]) -> VLABatch:
        """Return the batch of some samples; called by PyTorch's DataLoader."""
        drawn = [draw if isinstance(draw, Draw) else Draw(draw, draw) for draw in draws]
        indices = np.array([draw.index for draw in drawn])
        where = [self.where[index] for index in indices]
        frames = self._frames(indices.tolist())
        images = _to_images(frames)
        seen, boxes = self._seen(frames, images, drawn)
        window = np.minimum(indices[:, None] + np.arange(self.horizon), self.last[indices, None])
        normalized = normalize_actions(self.actions[indices], self.statistics["action"])
        tokens = self.processor.tokenize([self.instructions[file] for file, _ in where], normalized)
        return VLABatch(
            **tokens,
            pixel_values=self.processor.normalize(seen),
            images=images,
            proprio=torch.from_numpy(self.proprio[indices]),
            actions=torch.from_numpy(self.actions[window]),
            episode_ids=torch.from_numpy(self.episodes[indices]),
            sample_ids=torch.from_numpy(indices),
            patches_per_view=self.processor.config.patches_per_view,
            joints=torch.from_numpy(self.joints[indices]) if self.joints is not None else None,
            boxes=boxes,
            dataset=self.fingerprint,
        )

    def __getitem__(self, index: int) -> VLABatch:
        return self.__getitems__([index])

    def __getstate__(self) -> dict[str, Any]:
        """Name the frames' files, for a worker that is not a fork: it would get a copy of them all."""
        return {**self.__dict__, "frames": [cast(np.memmap, frames).filename for frames in self.frames]}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Map the frames' files, of which the policy reads the first views."""
        views = state["processor"].config.num_views
        self.__dict__.update(state, frames=[np.load(file, mmap_mode="r")[:, :views] for file in state["frames"]])

    def whole_images(self, indices: Sequence[int]) -> Images:
        """Return raw pixels of samples' frames, without crop and augmentation: what `VLABatch.images` holds.

        Args:
            indices: Numbers of the samples, as in `VLABatch.sample_ids`.
        """
        return _to_images(self._frames(indices))

    def _frames(self, indices: Sequence[int]) -> np.ndarray:
        where = [self.where[index] for index in indices]
        return np.stack([self.frames[file][row] for file, row in where])

    def _seen(self, frames: np.ndarray, images: Images, draws: list[Draw]) -> tuple[Images, Boxes | None]:
        """Return what the policy sees of whole frames, and the box that this shows."""
        if self.augmentation_seed is not None:
            return augment(images, [(self.augmentation_seed, draw.position) for draw in draws])
        if not self.processor.config.trained_with_augmentation:
            return images, None
        return _to_images(self.processor.centre_crop(frames)), crop_boxes(torch.full((len(frames), 2), 0.5))

    def _fingerprint(self) -> str:
        """Tell splits and data sets apart by all states and some whole frames."""
        digest = hashlib.sha256(np.ascontiguousarray(self.proprio).tobytes())
        for index in np.linspace(0, len(self) - 1, min(FINGERPRINT_FRAMES, len(self))).round().astype(int).tolist():
            digest.update(self._frames([index]).tobytes())
        return digest.hexdigest()[:16]


def _check_lengths(splits: Sequence[Split], horizon: int) -> None:
    for split in splits:
        numbers, steps = np.unique(split.file.episodes[split.rows], return_counts=True)
        for number, count in zip(numbers, steps, strict=True):
            if count < horizon:
                name = split.file.demonstrations[number]
                raise ValueError(f"{name} ends after frame {count - 1}, so it is shorter than `horizon` = {horizon}.")


def _to_images(frames: np.ndarray) -> Images:
    return torch.from_numpy(np.ascontiguousarray(frames)).movedim(-1, 2).float().div_(255)
