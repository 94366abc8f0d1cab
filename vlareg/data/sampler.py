"""Which samples a training step sees, as a function of the step alone."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from lightning import Trainer
from torch.utils.data import Sampler


@dataclass(frozen=True)
class Draw:
    """One sample of the endless training sequence.

    Args:
        index: Which sample of the data set.
        position: Its place in the sequence, unique over the run; augmentation is seeded by it.
    """

    index: int
    position: int


class EndlessBatches(Sampler[list[Draw]]):
    """Yield batches of an endless sequence of permutations, from any step on.

    Batch i is the same whether a run was interrupted before it or not, and the ranks of one step together see one global batch.

    Args:
        num_samples: Size of the data set.
        batch_size: Samples per batch and rank.
        seed: Decides the permutations.
        start: Number of batches (per rank) that the run has consumed already.
        rank: This process.
        world_size: Number of processes.
    """

    def __init__(
        self, num_samples: int, batch_size: int, seed: int, start: int = 0, rank: int = 0, world_size: int = 1
    ) -> None:
        if num_samples < 1 or batch_size < 1:
            raise ValueError(f"`num_samples` and `batch_size` must be >= 1, but got {num_samples} and {batch_size}.")
        self.num_samples, self.batch_size, self.seed, self.start = num_samples, batch_size, seed, start
        self.rank, self.world_size = rank, world_size

    @classmethod
    def resumed(cls, trainer: Trainer | None, num_samples: int, batch_size: int, seed: int) -> "EndlessBatches":
        """Return the sequence from where a trainer is (from its start without one), for the trainer's process."""
        if trainer is None:
            return cls(num_samples, batch_size, seed)
        consumed = trainer.global_step * trainer.accumulate_grad_batches
        return cls(num_samples, batch_size, seed, consumed, trainer.global_rank, trainer.world_size)

    def __iter__(self) -> Iterator[list[Draw]]:
        step = self.start
        while True:
            first = (step * self.world_size + self.rank) * self.batch_size
            yield [self._draw(position) for position in range(first, first + self.batch_size)]
            step += 1

    def _draw(self, position: int) -> Draw:
        epoch, offset = divmod(position, self.num_samples)
        return Draw(int(self._permutation(epoch)[offset]), position)

    def _permutation(self, epoch: int) -> np.ndarray:
        if getattr(self, "_epoch", None) != epoch:
            self._epoch, self._order = epoch, np.random.default_rng((self.seed, epoch)).permutation(self.num_samples)
        return self._order
