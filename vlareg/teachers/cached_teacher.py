"""A teacher that has seen the whole data set before training begins."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from vlareg.batch import VLABatch
from vlareg.files import cache_folder
from vlareg.shapes import Images
from vlareg.teachers.base import PatchFeatures, Teacher
from vlareg.teachers.checksum import checksum
from vlareg.teachers.feature_file import FeatureFile

TOLERANCE = 0.02
"""Relative difference (dimensionless) between stored and computed features that another device or float16 explains."""


@runtime_checkable
class FrameSet(Protocol):
    """A data set of whole frames, whose numbers are `VLABatch.sample_ids` and whose name is `VLABatch.dataset`."""

    fingerprint: str

    def __len__(self) -> int: ...

    def whole_images(self, indices: Sequence[int]) -> Images:
        """Return raw pixels of samples' frames, without crop and augmentation.

        Args:
            indices: Numbers of the samples.
        """


class CachedTeacher(Teacher):
    """Read a teacher's features from the disk, where they are computed once per data set.

    A teacher sees whole frames, without augmentation, so that its features of a sample never change. `prepare` computes
    them, and `RegularizedPolicy` calls it; an interrupted computation goes on where it stopped. The file's name is a
    checksum of the teacher (class, arguments, weights), of its pre-processing and of the data, and when it is opened
    the features of three samples are computed anew and compared.

    float16 halves the file and what the page cache must hold, and changes the cosine of a patch by less than 1e-4.
    float32 is what the teacher says, but for the order of sums in batches of another size.

    While the policy trains, the teacher itself stays on the processor. Called with images, it runs.

    Args:
        teacher: The teacher.
        dtype: Type of the stored features.
        batch_size: Samples that the teacher sees at a time while features are computed.
        folder: Where the files are; by default in the user's cache.

    Raises:
        ValueError: If `batch_size` or `dtype` is none of those.

    Example:
        >>> from vlareg.teachers import EfficientNetLiteTeacher
        >>> CachedTeacher(EfficientNetLiteTeacher(image_size=96, layer=-2)).dim
        112
    """

    def __init__(
        self,
        teacher: Teacher,
        dtype: Literal["float16", "float32"] = "float16",
        batch_size: int = 64,
        folder: str | Path | None = None,
    ) -> None:
        if dtype not in ("float16", "float32"):
            raise ValueError(f"`dtype` must be float16 or float32, but got {dtype!r}.")
        if batch_size < 1:
            raise ValueError(f"`batch_size` must be > 0, but got {batch_size}.")
        self._live = (teacher,)  # not registered, so that it does not move with its owner
        super().__init__(teacher.encoder, teacher.image_size, *_colours(teacher))
        self.dtype, self.batch_size = dtype, batch_size
        self.folder = Path(folder) if folder is not None else cache_folder("teacher_features")
        self._features: dict[str, np.ndarray] = {}

    def feature_map(self, pixels: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch dim rows columns"]:
        """Return what the teacher says of images."""
        return self._live[0].feature_map(pixels)

    def prepare(self, data: FrameSet, device: torch.device | str = "cpu") -> None:
        """Open the features of a data set, after computing what is not on the disk yet.

        Several processes may call it at once: one computes.

        Args:
            data: The data set.
            device: Where the teacher runs.

        Raises:
            OSError: If the disk has no room; the message says how much is needed, and where.
            ValueError: If the data set has no fingerprint, a feature does not fit `dtype`, or a file holds other
                features than the teacher computes.
        """
        if not data.fingerprint:
            raise ValueError("`data` must have a fingerprint: without, its features could be taken for another's.")
        if data.fingerprint in self._features or len(data) == 0:
            return
        teacher = self._live[0].to(device)
        file = self._file(data, _compute(teacher, data, [0]).shape[1:])
        file.fill(lambda numbers: _compute(teacher, data, numbers), self.batch_size, type(teacher).__name__)
        stored = file.open()
        samples = sorted({0, len(data) // 2, len(data) - 1})
        _compare(stored[samples], _compute(teacher, data, samples), file.path)
        self._features[data.fingerprint] = stored
        teacher.to("cpu")

    def features_of(self, batch: VLABatch) -> PatchFeatures:
        """Return the stored features of a batch's samples.

        Args:
            batch: A batch of a data set that was prepared.

        Raises:
            RuntimeError: If its data set was not prepared.
            ValueError: If the data set has no such sample or another number of views.
        """
        if batch.dataset not in self._features:
            raise RuntimeError(
                f"No features of the data set `{batch.dataset}` are open: call `prepare` with each split before training."
            )
        stored, ids = self._features[batch.dataset], batch.sample_ids.numpy(force=True)
        if ids.min() < 0 or ids.max() >= len(stored) or batch.num_views != stored.shape[1]:
            raise ValueError(
                f"`batch` has samples {ids.min()}..{ids.max()} of {batch.num_views} views, but the features of its "
                f"data set are of samples 0..{len(stored) - 1} of {stored.shape[1]} views."
            )
        rows = torch.from_numpy(np.asarray(stored[ids])).to(batch.images.device).float()
        return PatchFeatures(rows.flatten(0, 1).flatten(1, 2), (stored.shape[2], stored.shape[3]))

    def _file(self, data: FrameSet, shape: tuple[int, ...]) -> FeatureFile:
        views, rows, columns, dim = shape
        key = repr((checksum(self._live[0]), data.fingerprint, len(data), shape, self.dtype))
        name = f"{type(self._live[0]).__name__}-{hashlib.sha256(key.encode()).hexdigest()[:16]}.npy"
        return FeatureFile(self.folder / name, (len(data), views, rows, columns, dim), self.dtype)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> "Teacher":
        return self


@torch.no_grad()
def _compute(
    teacher: Teacher, data: FrameSet, samples: Sequence[int]
) -> Float[np.ndarray, "samples views rows columns dim"]:
    images = data.whole_images(samples).to(teacher.mean.device)
    features, grid = teacher(images.flatten(0, 1))
    by_place: np.ndarray = features.unflatten(1, grid).unflatten(0, images.shape[:2]).numpy(force=True)
    return by_place


def _compare(stored: np.ndarray, live: np.ndarray, path: Path) -> None:
    error = np.linalg.norm(stored.astype(np.float32) - live) / np.linalg.norm(live)
    if not error <= TOLERANCE:
        raise ValueError(
            f"{path} holds other features than the teacher computes now (relative difference {error:.2g}): remove it. "
            "A teacher must keep what decides its features in public attributes or in its encoder."
        )


def _colours(teacher: Teacher) -> tuple[list[float], list[float]]:
    return teacher.mean.flatten().tolist(), teacher.std.flatten().tolist()
