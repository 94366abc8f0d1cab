"""Demonstrations of any format as a LightningDataModule."""

from dataclasses import dataclass

import numpy as np

from vlareg.data.episode import TaskSet, TaskSource
from vlareg.data.libero_data import LiberoData
from vlareg.data.noops import rows_with_actions
from vlareg.data.prepared import PreparedFile
from vlareg.data.splits import EpisodeSplit, split_by_episode


@dataclass(frozen=True)
class Recordings:
    """Which recorded demonstrations to train on.

    Args:
        suite: Key of the statistics in the checkpoint (`unnorm_key`).
        source: A folder of files with its conventions, such as `vlareg.data.LeRobotFolder`.
        train_episodes: Episodes a task to train on; None is all but those that are held out.
        validation_episodes: Episodes a task, the ones after those, to hold out for validation and the alignment monitor.
        drop_noops: Leave out the steps in which nothing is commanded, in both splits.
    """

    suite: str
    source: TaskSet
    train_episodes: int | None = None
    validation_episodes: int = 5
    drop_noops: bool = False

    def sources(self) -> list[TaskSource]:
        """Return the tasks."""
        return self.source.tasks()

    def split(self, file: PreparedFile) -> EpisodeSplit:
        """Divide a task's rows by episode, then leave out no-ops."""
        split = split_by_episode(file, self.train_episodes, self.validation_episodes)
        if not self.drop_noops:
            return split
        kept = rows_with_actions(file.actions, file.episodes, file.name)
        train, held_out = (rows[kept[rows]] for rows in (split.train, split.held_out))
        return split._replace(train=np.asarray(train), held_out=np.asarray(held_out))


class RecordedData(LiberoData):
    """Batches of single transitions of recorded demonstrations in any format, and the held-out episodes.

    Args:
        recordings: What to train on.
        policy: Checkpoint folder; its processor decides size, normalisation and tokens.
        batch_size: Transitions per step and device.
        augmentation: As in `LiberoData`.
        seed: Decides the order of the samples and the augmentation.
        horizon: Future actions in a batch (environment steps); no episode may be shorter.
        probe_samples: Upper limit of the probe set, the frames that monitors look at.
        num_workers: As in `LiberoData`.
    """

    def __init__(
        self,
        recordings: Recordings,
        policy: str = "checkpoints/openvla-mini",
        batch_size: int = 64,
        augmentation: bool = True,
        seed: int = 0,
        horizon: int = 1,
        probe_samples: int = 192,
        num_workers: int = 0,
    ) -> None:
        super().__init__(
            policy,
            batch_size=batch_size,
            augmentation=augmentation,
            seed=seed,
            horizon=horizon,
            probe_samples=probe_samples,
            num_workers=num_workers,
        )
        self.demonstrations = recordings
