"""Whence the randomness of a perturbed episode comes."""

import zlib
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class EpisodeKey:
    """What an episode's perturbation depends on, and nothing else.

    Args:
        seed: The evaluation's seed (>= 0).
        task: Number of the task in its suite (>= 0).
        init_index: Number of the initial state (>= 0).
    """

    seed: int
    task: int
    init_index: int

    def generator(self, purpose: str, step: int = 0) -> np.random.Generator:
        """Return a generator of its own for a purpose.

        Args:
            purpose: What it is for; other words give other numbers.
            step: The environment step, where each one has fresh numbers (>= 0).

        Example:
            >>> bool(EpisodeKey(0, 3, 1).generator("a").random() == EpisodeKey(0, 3, 1).generator("a").random())
            True
        """
        return np.random.default_rng([self.seed, self.task, self.init_index, step, zlib.crc32(purpose.encode())])
