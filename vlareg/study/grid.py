"""Scores of every point of a policy against every target, with what chance gives and how sure they are."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from vlareg.functional.chance import Score, against_chance
from vlareg.functional.resampling import MIN_EPISODES, halves_interval


@dataclass(frozen=True)
class Grid:
    """Scores of points and targets in one scope.

    Args:
        metric: Name of the metric.
        points: Names of the rows.
        targets: Names of the columns.
        k: Number of neighbours.
        samples: Number of samples.
        episodes: Number of episodes that they are from.
        value: The scores.
        null: The scores with whole episodes exchanged.
        halves: The scores of both halves of each division of the episodes; NaN with fewer than 6 of a task.
        reasons: Name of a point or target that is not among them -> why: it is constant, say.
    """

    metric: str
    points: list[str]
    targets: list[str]
    k: int
    samples: int
    episodes: int
    value: Float[Tensor, "points targets"]
    null: Float[Tensor, "permutations points targets"]
    halves: Float[Tensor, "halvings 2 points targets"]
    reasons: dict[str, str]

    def score(self, points: Sequence[str], target: str) -> Score:
        """Return the score of a point, or the largest one of several against the largest that these have by chance.

        Args:
            points: Names of rows.
            target: Name of a column.

        Returns:
            The score, NaN where the points or the target say nothing.
        """
        title = f"{points[0] if len(points) == 1 else f'best of {len(points)}'}/{target}/{self.metric}"
        if not self.knows(points, target):
            return Score(title, self.k, self.samples, self.episodes, *[math.nan] * 6)
        value, null, halves = self._largest(points, target)
        low, high = _interval(value, halves, self.episodes)
        numbers = (value, *against_chance(value, null), low, high)
        return Score(title, self.k, self.samples, self.episodes, *map(float, numbers))

    def calibrated(self, points: Sequence[str], target: str) -> tuple[Tensor, Tensor]:
        """Return a score as in `score`, and those of the halves, such that 0 is chance among all samples and 1 perfect.

        Args:
            points: Names of rows.
            target: Name of a column.
        """
        value, null, halves = self._largest(points, target)
        chance = null.mean()
        return (value - chance) / (1 - chance), (halves - chance) / (1 - chance)

    def knows(self, points: Sequence[str], target: str) -> bool:
        """Return whether at least one of the points, and the target, could be compared.

        Args:
            points: Names of rows.
            target: Name of a column.
        """
        return target in self.targets and any(point in self.points for point in points)

    def _largest(self, points: Sequence[str], target: str) -> tuple[Tensor, Tensor, Tensor]:
        rows = [self.points.index(point) for point in points if point in self.points]
        column = self.targets.index(target)
        value, null, halves = (v[..., rows, column].amax(dim=-1) for v in (self.value, self.null, self.halves))
        return value, null, halves


@dataclass(frozen=True)
class Difference:
    """How much more one policy scores than another on the same samples.

    Args:
        value: The difference of the calibrated scores.
        low: Lower end of its 95 % interval.
        high: Its upper end.
    """

    value: float
    low: float
    high: float

    @property
    def verdict(self) -> str:
        """What the interval says."""
        if not math.isfinite(self.low):
            return "not known"
        return "higher" if self.low > 0 else "lower" if self.high < 0 else "not told apart"


def difference(more: Grid, than: Grid, points: tuple[Sequence[str], Sequence[str]], target: str) -> Difference:
    """Compare two policies' calibrated scores on the same samples; what an episode does to both cancels.

    The interval takes chance as it was estimated from all episodes.

    Args:
        more: Scores of one policy.
        than: Scores of the other one, in the same scope.
        points: Points of the one, and points of the other; of several, the best.
        target: Name of a target.
    """
    grids = (more, than)
    if not all(grid.knows(names, target) for grid, names in zip(grids, points, strict=True)):
        return Difference(math.nan, math.nan, math.nan)
    both = [grid.calibrated(names, target) for grid, names in zip(grids, points, strict=True)]
    (value_a, halves_a), (value_b, halves_b) = both
    low, high = _interval(value_a - value_b, halves_a - halves_b, more.episodes)
    return Difference(float(value_a - value_b), float(low), float(high))


def _interval(value: Tensor, halves: Float[Tensor, "halvings 2"], episodes: int) -> tuple[Tensor, Tensor]:
    return (
        halves_interval(value, halves, episodes) if episodes >= MIN_EPISODES else (value * math.nan, value * math.nan)
    )
