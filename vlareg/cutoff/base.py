"""What all cut-offs share: their randomness."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from vlareg.distributed import rank
from vlareg.shapes import TokenMask, Tokens

Random = Sequence[np.random.Generator]


class Cutoff(nn.Module, ABC):
    """Zero a part of each sample's tokens.

    What is cut of a sample is a function of (seed, number of the training call, id of the sample), never of the other
    samples, of how they are spread over ranks, or of the global random state, so a run with a cut-off draws the same
    dropout and data order as one without. The number of training calls is saved with the module, so a resumed run
    continues with the same cuts. Calls in eval mode do not count.

    Args:
        seed: Seed of the cuts.
    """

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        self.seed = seed
        self._calls = 0

    @abstractmethod
    def keep(self, mask: TokenMask, view_slices: Sequence[slice], random: Random) -> TokenMask:
        """Return True at the positions that stay.

        Args:
            mask: True at positions that may be read (on the CPU).
            view_slices: Positions of each view's patches.
            random: Each sample's source of randomness in this call.
        """

    def forward(
        self,
        tokens: Tokens,
        mask: TokenMask,
        view_slices: Sequence[slice],
        sample_ids: Int[Tensor, "batch"] | None = None,
    ) -> Tokens:
        """Return the tokens with a part of them zeroed.

        Args:
            tokens: Hidden states.
            mask: True at positions that may be read.
            view_slices: Positions of each view's patches.
            sample_ids: Number (>= 0) of each sample in its data set; None is its rank and row.

        Returns:
            Tokens of the same shape, connected to the same graph.

        Raises:
            ValueError: If the shapes do not fit.
        """
        if tokens.shape[:2] != mask.shape:
            raise ValueError(f"`mask` must be {list(tokens.shape[:2])} as `tokens` are, but is {list(mask.shape)}.")
        ids = [(rank(), row) for row in range(len(mask))] if sample_ids is None else [(i,) for i in sample_ids.tolist()]
        random = [np.random.default_rng((self.seed, self._calls, *sample)) for sample in ids]
        self._calls += self.training
        keep = self.keep(mask.cpu(), view_slices, random)
        return tokens.masked_fill(~keep.to(tokens.device)[..., None], 0.0)

    def get_extra_state(self) -> Tensor:
        """Return the number of training calls, for the checkpoint."""
        return torch.tensor(self._calls)

    def set_extra_state(self, state: Tensor) -> None:
        """Continue after the given number of training calls."""
        self._calls = int(state)


def uniform(random: Random, count: int) -> Float[Tensor, "batch count"]:
    """Draw float64 numbers in [0, 1) for each sample; of a larger count the first ones are the same.

    Args:
        random: Each sample's source of randomness.
        count: Numbers for each sample.
    """
    return torch.from_numpy(np.array([generator.random(count) for generator in random]).reshape(-1, count))
