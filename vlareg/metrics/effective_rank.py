"""How many dimensions a representation uses, over steps and ranks."""

from typing import Any

from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities.data import dim_zero_cat

from vlareg.distributed import gather_rows
from vlareg.functional.precision import at_least_float32
from vlareg.functional.rank import effective_rank
from vlareg.shapes import Embeddings, Scalar


class EffectiveRank(Metric):
    """Number of directions that samples spread over, evenly weighted, 1 to dim; see `vlareg.functional.effective_rank`.

    Neither high nor low is good in itself: a collapse shows as a fall.

    Args:
        centre: Subtract the mean first.
        kwargs: Further arguments of `torchmetrics.Metric`.

    Example:
        >>> import torch
        >>> metric = EffectiveRank(centre=False)
        >>> metric.update(torch.eye(4))
        >>> round(float(metric.compute()), 3)
        4.0
    """

    is_differentiable = False
    higher_is_better = None
    full_state_update = False

    x: list[Tensor]

    def __init__(self, centre: bool = True, **kwargs: Any) -> None:
        super().__init__(**{"dist_sync_fn": gather_rows, **kwargs})
        self.centre = centre
        self.add_state("x", default=[], dist_reduce_fx="cat")

    def update(self, x: Embeddings) -> None:
        """Add samples.

        Args:
            x: One vector per sample.
        """
        self.x.append(at_least_float32(x.detach()))

    def compute(self) -> Scalar:
        """Return the effective rank of all samples."""
        if not len(self.x):
            raise ValueError("No samples: call `update` before `compute`.")
        return effective_rank(dim_zero_cat(self.x), self.centre)
