"""How much a regularizer counts, over a run."""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass


class WeightSchedule(ABC):
    """A pure function of the step, so that a resumed run continues with the same weight."""

    @abstractmethod
    def __call__(self, step: int, total_steps: int | float) -> float:
        """Return the factor of the regularizer's loss.

        Args:
            step: Optimizer steps done so far.
            total_steps: Optimizer steps of the whole run.
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

    def __call__(self, step: int, total_steps: int | float) -> float:
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

    def __call__(self, step: int, total_steps: int | float) -> float:
        """Return the factor at a step."""
        if not 0 < total_steps < math.inf:
            raise ValueError(
                "`total_steps` must be the finite length of the run for CosineDecay, "
                f"but got {total_steps} (set `max_steps`)."
            )
        done = min(max(step / total_steps, 0.0), 1.0)
        return self.end + (self.start - self.end) * (1 + math.cos(math.pi * done)) / 2


def _check(**factors: float) -> None:
    for name, factor in factors.items():
        if not 0 <= factor < math.inf:
            raise ValueError(f"`{name}` must be >= 0 and finite, but got {factor}.")
