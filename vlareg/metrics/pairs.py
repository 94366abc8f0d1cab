"""States that alignment metrics share: two representations of the same samples."""

from abc import ABC
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities.data import dim_zero_cat

from vlareg.distributed import gather_rows
from vlareg.functional.precision import at_least_float32


class PairMetric(Metric, ABC):
    """Collect two representations of the same samples over steps and ranks.

    A rank may be without samples. Call `update` in steps, not `forward`: a score of a batch is another metric, since N
    is part of it.

    Args:
        k: Number of neighbours.
        kwargs: Further arguments of `torchmetrics.Metric`.
    """

    is_differentiable = False
    higher_is_better = True
    full_state_update = False

    x: list[Tensor]
    y: list[Tensor]
    episodes: list[Tensor]

    def __init__(self, k: int = 10, **kwargs: Any) -> None:
        super().__init__(**{"dist_sync_fn": gather_rows, **kwargs})
        if k < 1:
            raise ValueError(f"`k` must be >= 1, but got {k}.")
        self.k = k
        for name in ("x", "y", "episodes"):
            self.add_state(name, default=[], dist_reduce_fx="cat")

    def update(
        self,
        x: Float[Tensor, "samples dim_x"],
        y: Float[Tensor, "samples dim_y"],
        episode_ids: Int[Tensor, "samples"] | None = None,
    ) -> None:
        """Add samples.

        Args:
            x: One vector per sample.
            y: One vector per sample, in the same order.
            episode_ids: Episode of each sample; neighbours then come from other episodes only. Either in every call or
                in none.

        Raises:
            ValueError: If the numbers of samples differ, or episode ids were given in some calls only.
        """
        if len(x) != len(y) or (episode_ids is not None and len(episode_ids) != len(x)):
            ids = "no" if episode_ids is None else len(episode_ids)
            raise ValueError(
                f"`x`, `y` and `episode_ids` must hold the same samples, but have {len(x)}, {len(y)} and {ids} rows."
            )
        if self.x and bool(self.episodes) != (episode_ids is not None):
            raise ValueError("`episode_ids` must be given in every update or in none.")
        self.x.append(at_least_float32(x.detach()))
        self.y.append(at_least_float32(y.detach()))
        if episode_ids is not None:
            self.episodes.append(episode_ids.detach())

    def collected(self) -> tuple[Tensor, Tensor, Tensor | None]:
        """Return all samples of both sides and their episodes.

        Raises:
            ValueError: If there are none, or episode ids were given on some ranks only.
        """
        x, y, episodes = (
            dim_zero_cat(state) if len(state) else torch.zeros(0) for state in (self.x, self.y, self.episodes)
        )
        if len(x) == 0:
            raise ValueError("No samples: call `update` before `compute`.")
        if len(episodes) not in (0, len(x)):
            raise ValueError(f"`episode_ids` were given for {len(episodes)} of {len(x)} samples.")
        return x, y, episodes.long() if len(episodes) else None
