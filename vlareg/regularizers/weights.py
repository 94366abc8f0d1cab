"""How much a regularizer counts, over a run."""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch

from vlareg.distributed import mean_over_ranks
from vlareg.shapes import Scalar


def _check(**factors: float) -> None:
    for name, factor in factors.items():
        if not 0 <= factor < math.inf:
            raise ValueError(f"`{name}` must be >= 0 and finite, but got {factor}.")


class WeightSchedule(ABC):
    """A pure function of the step, so that a resumed run continues with the same weight."""

    @abstractmethod
    def __call__(
        self, step: int, total_steps: int | float, *, task_loss: Scalar | None = None, loss: Scalar | None = None
    ) -> float:
        """Return the factor of the regularizer's loss.

        Args:
            step: Optimizer steps done so far.
            total_steps: Optimizer steps of the whole run.
            task_loss: The policy's loss at this step, for schedules that follow it.
            loss: The regularizer's loss at this step.
        """


@dataclass(frozen=True)
class Constant(WeightSchedule):
    """The same weight over the whole run.

    Args:
        value: Factor of the loss (dimensionless, >= 0).

    Raises:
        ValueError: If `value` is negative.

    Example:
        >>> Constant(0.2)(step=7, total_steps=100)
        0.2
    """

    value: float = 1.0

    def __post_init__(self) -> None:
        _check(value=self.value)

    def __call__(
        self, step: int, total_steps: int | float, *, task_loss: Scalar | None = None, loss: Scalar | None = None
    ) -> float:
        """Return the value."""
        return self.value


@dataclass(frozen=True)
class CosineDecay(WeightSchedule):
    r"""A half cosine from `start` to `end`: $e + (s - e) (1 + \cos(\pi\, t / T)) / 2$, and `end` after the last step.

    Args:
        start: Factor at step 0 (dimensionless, >= 0).
        end: Factor at the last step.

    Raises:
        ValueError: If a factor is negative; when called, if the run's length is not known.

    Reference:
        Kim et al., "Contrastive Representation Regularization for Vision-Language-Action Models", 2025, arXiv
        2510.01711: from 1 to 0.

    Example:
        >>> [round(CosineDecay()(step, total_steps=4), 3) for step in range(5)]
        [1.0, 0.854, 0.5, 0.146, 0.0]
    """

    start: float = 1.0
    end: float = 0.0

    def __post_init__(self) -> None:
        _check(start=self.start, end=self.end)

    def __call__(
        self, step: int, total_steps: int | float, *, task_loss: Scalar | None = None, loss: Scalar | None = None
    ) -> float:
        """Return the factor at a step."""
        if not 0 < total_steps < math.inf:
            raise ValueError(
                "`total_steps` must be the finite length of the run for CosineDecay, "
                f"but got {total_steps} (set `max_steps`)."
            )
        done = min(max(step / total_steps, 0.0), 1.0)
        return self.end + (self.start - self.end) * (1 + math.cos(math.pi * done)) / 2


@dataclass(frozen=True)
class RatioToTask(WeightSchedule):
    r"""Scale the regularizer's loss to a share of the policy's: $w_t\, L_\mathrm{task} / L$, both without gradient.

    With one number for the schedule the two losses keep their proportion however the task loss falls, whatever unit the
    regularizer has. Both are means over all ranks.

    Args:
        share: Share of the task loss at each step, a schedule; half the task loss falling to none by default.
        largest: Upper limit of the factor, which a loss near 0 would send to infinity (> 0).

    Raises:
        ValueError: If `largest` is not positive; when called, if a loss is missing or the regularizer's is not > 0, as a
            negative cosine is not.

    Example:
        >>> import torch
        >>> share = RatioToTask(Constant(0.1))
        >>> round(share(step=0, total_steps=10, task_loss=torch.tensor(2.0), loss=torch.tensor(4.0)), 3)
        0.05
    """

    share: WeightSchedule = CosineDecay(start=0.5)
    largest: float = 10.0

    def __post_init__(self) -> None:
        if not 0 < self.largest < math.inf:
            raise ValueError(f"`largest` must be > 0 and finite, but got {self.largest}.")

    def __call__(
        self, step: int, total_steps: int | float, *, task_loss: Scalar | None = None, loss: Scalar | None = None
    ) -> float:
        """Return the factor at a step."""
        if task_loss is None or loss is None:
            raise ValueError("`task_loss` and `loss` are needed by RatioToTask: pass both to `weight(...)`.")
        task, own = mean_over_ranks(torch.stack([task_loss.detach().float(), loss.detach().float()])).tolist()
        if own <= 0:
            raise ValueError(f"`loss` must be > 0 to be scaled by RatioToTask, but is {own:.3g}; use a fixed weight.")
        factor: float = self.share(step, total_steps) * task / own
        return min(self.largest, factor)
