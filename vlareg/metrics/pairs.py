"""States that alignment metrics share: two representations of the same samples."""

from abc import ABC, abstractmethod
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities.data import dim_zero_cat

from vlareg.distributed import gather_rows
from vlareg.functional.duplicates import first_of_each
from vlareg.functional.precision import at_least_float32


class PairMetric(Metric, ABC):
    """Collect two representations of the same samples over steps and ranks.

    A rank may be without samples. Call `update` in steps, not `forward`: a score of a batch is another metric, since N is part
    of it. Copies of a sample, such as those with which a distributed sampler fills up, are counted once where samples have ids.

    Args:
        kwargs: Further arguments of `torchmetrics.Metric`.
    """

    is_differentiable = False
    higher_is_better = True
    full_state_update = False

    x: list[Tensor]
    y: list[Tensor]
    episodes: list[Tensor]
    samples: list[Tensor]

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"dist_sync_fn": gather_rows, **kwargs})
        for name in ("x", "y", "episodes", "samples"):
            self.add_state(name, default=[], dist_reduce_fx="cat")

    def update(
        self,
        x: Float[Tensor, "samples dim_x"],
        y: Float[Tensor, "samples dim_y"],
        episode_ids: Int[Tensor, "samples"] | None = None,
        sample_ids: Int[Tensor, "samples"] | None = None,
    ) -> None:
        """Add samples.

        Args:
            x: One vector per sample.
            y: One vector per sample, in the same order.
            episode_ids: Episode of each sample; neighbours then come from other episodes only. Either in every call or
                in none.
            sample_ids: Id of each sample, unique over the data set; copies are counted once. Either in every call or in none.

        Raises:
            ValueError: If the numbers of samples differ, or ids were given in some calls only.
        """
        rows = [None if part is None else len(part) for part in (x, y, episode_ids, sample_ids)]
        if len(set(rows) - {None}) > 1:
            raise ValueError(
                "`x`, `y`, `episode_ids` and `sample_ids` must hold the same samples, but have "
                f"{', '.join('no' if row is None else str(row) for row in rows)} rows."
            )
        for name, ids, state in (("episode_ids", episode_ids, self.episodes), ("sample_ids", sample_ids, self.samples)):
            if self.x and bool(state) != (ids is not None):
                raise ValueError(f"`{name}` must be given in every update or in none.")
            if ids is not None:
                state.append(ids.detach().long())
        self.x.append(at_least_float32(x.detach()))
        self.y.append(at_least_float32(y.detach()))

    def compute(self) -> Tensor | dict[str, Tensor]:
        """Return the score over all samples."""
        return self.value(*self.collected())

    @abstractmethod
    def value(
        self,
        x: Float[Tensor, "samples dim_x"],
        y: Float[Tensor, "samples dim_y"],
        groups: Int[Tensor, "samples"] | None = None,
    ) -> Tensor | dict[str, Tensor]:
        """Return the score of two representations.

        Args:
            x: One vector per sample.
            y: One vector per sample, in the same order.
            groups: Episode of each sample.
        """

    def collected(self) -> tuple[Tensor, Tensor, Tensor | None]:
        """Return all samples of both sides and their episodes, each sample once.

        Raises:
            ValueError: If there are none, ids were given on some ranks only, or sample ids are not unique.
        """
        states = self.x, self.y, self.episodes, self.samples
        x, y, episodes, samples = (dim_zero_cat(state) if len(state) else torch.zeros(0) for state in states)
        if len(x) == 0:
            raise ValueError("No samples: call `update` before `compute`.")
        for name, ids in (("episode_ids", episodes), ("sample_ids", samples)):
            if len(ids) not in (0, len(x)):
                raise ValueError(f"`{name}` were given for {len(ids)} of {len(x)} samples.")
        if len(samples):
            kept = first_of_each(samples.long(), x, y)
            x, y, episodes = x[kept], y[kept], episodes[kept] if len(episodes) else episodes
        return x, y, episodes.long() if len(episodes) else None
