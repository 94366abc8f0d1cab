"""Demonstrations of a LIBERO suite as a LightningDataModule."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from lightning import LightningDataModule
from torch import Tensor
from torch.utils.data import DataLoader

from vlareg.batch import VLABatch
from vlareg.data.conventions import LIBERO_HDF5, Conventions
from vlareg.data.episode import TaskSource
from vlareg.data.libero_hdf5 import LiberoHDF5
from vlareg.data.loaders import endless_loader, ordered_loader
from vlareg.data.prepared import PreparedFile, prepare_file
from vlareg.data.probe import moving_frames, probe_indices
from vlareg.data.splits import EpisodeSplit, split_by_episode
from vlareg.data.transitions import Split, Transitions
from vlareg.distributed import rank, world_size
from vlareg.envs.libero_mini.recordable import RECORDED_SUITES
from vlareg.envs.task_names import demonstration_names
from vlareg.files import cache_folder
from vlareg.policies.openvla import OpenVLAProcessor

VALIDATION_SAMPLES = 256
"""Upper limit for the held-out transitions of a validation."""


class TaskDemonstrations(Protocol):
    """Which demonstrations to train on, in whatever format."""

    @property
    def suite(self) -> str:
        """Key of their statistics in the checkpoint (`unnorm_key`)."""

    def sources(self) -> list[TaskSource]:
        """Return the tasks."""

    def split(self, file: PreparedFile) -> EpisodeSplit:
        """Divide a task's rows."""


@dataclass(frozen=True)
class Demonstrations:
    """Which demonstrations to train on, and where they are or shall be recorded.

    A task has one file of demonstrations; a category of `libero_mini_think` has one for each of its signs.

    Args:
        suite: Name of the suite; also the key of its statistics in the checkpoint.
        tasks: Task numbers within the suite.
        train_episodes: Demonstrations a file to train on.
        validation_episodes: Further demonstrations a file, held out for validation and the alignment monitor.
        folder: Folder of `{task}_demo.hdf5` files; None records the embedded suites' into the user's cache on the first run.
        action_key: Data set with the labels; the embedded suites' files have `expert_actions` beside `actions`.
        conventions: What the files' numbers mean; OpenVLA's regenerated files are observed before the action and name their
            task: `{observed_after_action: false, language: file_name}`.
    """

    suite: str = "libero_mini"
    tasks: tuple[int, ...] = (6, 7, 8, 9)
    train_episodes: int = 30
    validation_episodes: int = 6
    folder: str | None = None
    action_key: str = "expert_actions"
    conventions: Conventions = LIBERO_HDF5

    @property
    def episodes(self) -> int:
        """Demonstrations a file in all."""
        return self.train_episodes + self.validation_episodes

    def files(self) -> list[Path]:
        """Return the tasks' files, recording what is missing where `folder` is None.

        Raises:
            ValueError: There is no such suite or task, or `folder` is None and the suite cannot be recorded.
        """
        if self.folder is not None:
            return [Path(self.folder) / name for task in self.tasks for name in demonstration_names(self.suite, task)]
        if self.suite not in RECORDED_SUITES:
            raise ValueError(
                f"`folder` is needed for {self.suite}: only demonstrations of {' and '.join(RECORDED_SUITES)} "
                "can be recorded."
            )
        from vlareg.data.demonstrations import record_demonstrations  # here, since that module is a command as well

        cache = cache_folder("demonstrations") / self.suite
        return record_demonstrations(cache, self.tasks, self.episodes, suite=self.suite)

    def sources(self) -> list[TaskSource]:
        """Return the tasks, recording what is missing where `folder` is None."""
        return [LiberoHDF5(file, conventions=self.conventions, action_key=self.action_key) for file in self.files()]

    def split(self, file: PreparedFile) -> EpisodeSplit:
        """Let the first `train_episodes` train and hold out the `validation_episodes` after them."""
        return split_by_episode(file, self.train_episodes, self.validation_episodes)


class LiberoData(LightningDataModule):
    """Batches of single transitions for fine-tuning, and the held-out episodes.

    Statistics are those of the training episodes only. Of the recorded views a policy gets the first ones, as many as it reads.

    Args:
        policy: Checkpoint folder; its processor decides size, normalisation and tokens.
        demonstrations: What to train on.
        batch_size: Transitions per step and device.
        augmentation: Random crop and colour jitter; the checkpoint remembers it, since roll-outs then crop the centre.
        seed: Decides the order of the samples and the augmentation.
        horizon: Future actions in a batch, for monitors and ablations (environment steps).
        probe_samples: Upper limit of the probe set, the frames that monitors look at.
        num_workers: Processes that prepare batches beside the training (>= 0), two for one GPU; batches do not depend on it.

    Raises:
        ValueError: If `num_workers` is negative.
    """

    def __init__(
        self,
        policy: str = "checkpoints/openvla-mini",
        demonstrations: Demonstrations = Demonstrations(),
        batch_size: int = 64,
        augmentation: bool = True,
        seed: int = 0,
        horizon: int = 1,
        probe_samples: int = 192,
        num_workers: int = 0,
    ) -> None:
        super().__init__()
        if num_workers < 0:
            raise ValueError(f"`num_workers` must be >= 0, but got {num_workers}.")
        self.processor = OpenVLAProcessor.from_pretrained(policy)
        self.processor.config.trained_with_augmentation = augmentation
        self.demonstrations: TaskDemonstrations = demonstrations
        self.batch_size, self.augmentation = batch_size, augmentation
        self.seed, self.horizon, self.probe_samples, self.num_workers = seed, horizon, probe_samples, num_workers

    @property
    def dataset_name(self) -> str:
        """Key of the statistics in the checkpoint (`unnorm_key`)."""
        return self.demonstrations.suite

    @property
    def statistics(self) -> dict[str, Any]:
        """Statistics of the training split, as `norm_stats` holds them."""
        return self.train.statistics

    @property
    def quantities(self) -> dict[str, Tensor | None]:
        """What regularizers may scale themselves by: quantities of every training transition, named as in `VLABatch`."""
        joints = self.train.joints
        return {
            "proprio": torch.from_numpy(self.train.proprio),
            "actions": torch.from_numpy(self.train.actions),
            "joints": torch.from_numpy(joints) if joints is not None else None,
        }

    @property
    def splits(self) -> list[Transitions]:
        """The training and the held-out transitions, for whom a cached teacher computes features."""
        return [self.train, self.held_out]

    def prepare_data(self) -> None:
        """Record missing demonstrations and fill the cache of frames; runs in one process."""
        for file in self._prepared():
            self.demonstrations.split(file)

    def setup(self, stage: str | None = None) -> None:
        """Split by episode, so that no held-out frame is a neighbour of one to train on."""
        train: list[Split] = []
        held_out: list[Split] = []
        first = 0
        for file in self._prepared():
            split = self.demonstrations.split(file)
            train.append(Split(file, split.train, first))
            held_out.append(Split(file, split.held_out, first))
            first += split.episodes
        seed = self.seed if self.augmentation else None
        self.train = Transitions(train, self.processor, augmentation_seed=seed, horizon=self.horizon)
        self.held_out = Transitions(held_out, self.processor, statistics=self.statistics, horizon=self.horizon)

    def train_dataloader(self) -> DataLoader[VLABatch]:
        """Return an endless loader that starts where the trainer's step is."""
        return endless_loader(self.train, self.batch_size, self.seed, self.trainer, self.num_workers)

    def val_dataloader(self) -> DataLoader[VLABatch]:
        """Return evenly spaced transitions of the held-out episodes in batches of `batch_size`, which the ranks share."""
        count = min(VALIDATION_SAMPLES, len(self.held_out))
        indices = np.linspace(0, len(self.held_out) - 1, count).round().astype(int)
        parts = {"rank": rank(), "ranks": world_size()}
        return ordered_loader(self.held_out, indices, self.batch_size, self.num_workers, **parts)

    def probe_batches(self) -> Iterator[VLABatch]:
        """Yield the probe set: always the same transitions of the held-out episodes in the same order.

        Equally many of each episode, evenly spaced, without frames in which the robot stands still.

        Raises:
            ValueError: If too few episodes are held out.
        """
        held_out = self.held_out
        tasks = np.array([file for file, _ in held_out.where])
        moving = moving_frames(held_out.actions, held_out.proprio, held_out.episodes)
        indices = probe_indices(tasks, held_out.episodes, moving, self.probe_samples)
        yield from ordered_loader(held_out, indices, self.batch_size)

    def _prepared(self) -> list[PreparedFile]:
        fingerprint, cache = f"{self.processor.config.image_size} px", cache_folder("frames")
        sources = self.demonstrations.sources()
        return [self._seen(prepare_file(source, self.processor.prepare, fingerprint, cache)) for source in sources]

    def _seen(self, file: PreparedFile) -> PreparedFile:
        """Leave the views that the policy reads: the first ones, as in roll-outs."""
        found, wanted = file.frames.shape[1], self.processor.config.num_views
        if found < wanted:
            raise ValueError(f"{file.name} has {found} view(s), but the policy reads {wanted}.")
        return replace(file, frames=file.frames[:, :wanted])
