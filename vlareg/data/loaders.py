"""Loaders of data sets that make whole batches themselves."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from lightning import Trainer
from torch.utils.data import DataLoader, Dataset

from vlareg.batch import VLABatch
from vlareg.data.sampler import EndlessBatches


def endless_loader(
    dataset: Dataset[VLABatch], batch_size: int, seed: int, trainer: Trainer | None, num_workers: int = 0
) -> DataLoader[VLABatch]:
    """Return an endless loader that starts where a trainer is, from the start without one."""
    batches = EndlessBatches.resumed(trainer, len(dataset), batch_size, seed)  # type: ignore[arg-type]
    return _loader(dataset, batches, num_workers)


def ordered_loader(
    dataset: Dataset[VLABatch], indices: np.ndarray, batch_size: int, num_workers: int = 0
) -> DataLoader[VLABatch]:
    """Return a loader of some samples, in order, in nearly equal batches of about a given size."""
    batches = np.array_split(indices, max(1, len(indices) // batch_size))
    return _loader(dataset, [[int(index) for index in batch] for batch in batches], num_workers)


def _loader(dataset: Dataset[VLABatch], batches: Iterable[list[Any]], num_workers: int) -> DataLoader[VLABatch]:
    return DataLoader(
        dataset,
        batch_sampler=batches,
        collate_fn=_as_it_is,
        num_workers=num_workers,
        persistent_workers=num_workers > 0,
        pin_memory=torch.cuda.is_available(),
    )


def _as_it_is(batch: Any) -> Any:
    return batch
