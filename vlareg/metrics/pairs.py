"""States that alignment metrics share: two representations of the same samples."""

from abc import ABC, abstractmethod
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities.data import dim_zero_cat

from vlareg.distributed import gather_rows
from vlareg.functional.chance import Score
from vlareg.functional.chance_scores import DEFAULT, Resampling, score_metric
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
    k: int | tuple[int, int] | None = None

    name: str
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
        given = ("episode_ids", episode_ids, self.episodes), ("sample_ids", sample_ids, self.samples)
        for name, ids, state in given:
            if self.x and bool(state) != (ids is not None):
                raise ValueError(f"`{name}` must be given in every update or in none.")
        for _, ids, state in given:
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

    def score(self, title: str | None = None, resampling: Resampling = DEFAULT) -> Score:
        """Return the score over all samples with chance, z, p and an interval, by whole episodes.

        For a metric of which lower values are better it is of the negative value.

        Args:
            title: What is compared; the metric's name by default.
            resampling: Numbers of permutations and halves of the episodes.

        Raises:
            ValueError: If episode ids were not given, or too few episodes have equally many samples.
        """
        with self.sync_context(dist_sync_fn=self.dist_sync_fn):
            x, y, groups = self.collected()
        if groups is None:
            raise ValueError(
                "`episode_ids` must be given for chance: the episode of each sample, or `torch.arange(samples)` only where no "
                "time or scene connects samples."
            )
        return self.score_pair(x, y, groups, title or self.name, resampling)

    def score_pair(self, x: Tensor, y: Tensor, groups: Tensor, title: str, resampling: Resampling) -> Score:
        """Return the score of two representations with chance, by computing it anew for each permutation and half."""
        sign = 1 if self.higher_is_better else -1

        def metric(i: Tensor, j: Tensor) -> Tensor:
            value = self.value(x[i], y[j], groups[i])
            assert isinstance(value, Tensor)
            return sign * value

        return score_metric(metric, groups, title, self.k, float(self.higher_is_better), resampling)

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
