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
    dataset: Dataset[VLABatch],
    indices: np.ndarray,
    batch_size: int,
    num_workers: int = 0,
    *,
    rank: int = 0,
    ranks: int = 1,
) -> DataLoader[VLABatch]:
    """Return a loader of some samples, in order, in nearly equal batches of about a given size.

    Args:
        dataset: Where the samples are from.
        indices: The samples; of none there is no batch.
        batch_size: Samples of a batch over all ranks (> 0).
        num_workers: Processes that prepare batches.
        rank: Which part of each batch is wanted.
        ranks: Into how many parts each batch is divided; a part has one sample at least.
    """
    batches = np.array_split(indices, max(1, len(indices) // max(batch_size, ranks)))
    parts = [np.array_split(batch, ranks)[rank] for batch in batches]
    return _loader(dataset, [[int(index) for index in part] for part in parts if len(part)], num_workers)


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
