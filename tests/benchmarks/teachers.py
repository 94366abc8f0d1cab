"""A teacher that runs and one whose features are cached, for the benchmarks of teacher alignment."""

from collections.abc import Sequence
from dataclasses import replace

import torch
from side_by_side import BLOCKS, random_batch

from vlareg.batch import VLABatch
from vlareg.policies.openvla import OpenVLAConfig
from vlareg.regularizers import FrozenMLPProjector, TeacherAlignment
from vlareg.shapes import Images
from vlareg.teachers import CachedTeacher, EfficientNetLiteTeacher, Teacher
from vlareg.teachers.timm_features import build, last_map

SAMPLES_PER_BATCH = 4
"""Size of the data set whose features are cached, in batches."""


class UntrainedRadio(Teacher):
    """RADIO-L's structure at 256 pixels; time does not depend on the weights."""

    def __init__(self) -> None:
        super().__init__(build("vit_large_patch16_radio_v3", img_size=256), 256, mean=(0.5,) * 3, std=(0.5,) * 3)

    def feature_map(self, pixels: torch.Tensor) -> torch.Tensor:
        """Return the last block's features."""
        return last_map(self.encoder, pixels, -1)


class Noise:
    """A data set of frames of noise."""

    fingerprint = "noise"

    def __init__(self, count: int, config: OpenVLAConfig) -> None:
        self.count, self.shape = count, (config.num_views, 3, config.image_size, config.image_size)

    def __len__(self) -> int:
        return self.count

    def whole_images(self, indices: Sequence[int]) -> Images:
        """Return the frames of some samples."""
        return torch.stack([torch.rand(self.shape, generator=torch.Generator().manual_seed(i)) for i in indices])


def make_teachers(policy: OpenVLAConfig, size: str, batch_size: int, device: str, folder: str) -> dict[str, Teacher]:
    """Return the teacher of a size of policy, live and with the features of noise in a folder."""
    make = (lambda: EfficientNetLiteTeacher(96, -2)) if size == "mini" else UntrainedRadio
    cached = CachedTeacher(make(), folder=folder)
    cached.prepare(Noise(SAMPLES_PER_BATCH * batch_size, policy), device)
    return {"cached": cached, "live": make()}


def batch_of_noise(config: OpenVLAConfig, size: int, device: str) -> VLABatch:
    """Return a batch of that data set, as it is in training: the student sees a crop."""
    batch = random_batch(config, size, device)
    boxes = torch.tensor([[0.02, 0.03, 0.97, 0.98]], device=device).expand(len(batch), 4)
    return replace(batch, sample_ids=batch.sample_ids * SAMPLES_PER_BATCH, dataset=Noise.fingerprint, boxes=boxes)


def align(config: OpenVLAConfig, size: str, teacher: Teacher, device: str) -> TeacherAlignment:
    """Return the alignment of the middle block, as the shipped configurations have it."""
    width, middle = config.text_config.hidden_size, config.text_config.num_hidden_layers // 2
    projector = FrozenMLPProjector(width, teacher.dim, 256 if size == "mini" else 2048)
    return TeacherAlignment([f"{BLOCKS}.{middle - 1}"], width, teacher=teacher, projector=projector).to(device)
