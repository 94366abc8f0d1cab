"""The difference between two policies over pairs of episodes."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from math import isnan

import numpy as np

from vlareg.evaluation.bootstrap import Differences, paired_bootstrap
from vlareg.evaluation.intervals import CONFIDENCE
from vlareg.evaluation.mcnemar import mcnemar_exact, symmetry_test
from vlareg.evaluation.pairing import Pair


@dataclass(frozen=True)
class Difference:
    """How much more often policy b succeeds than policy a, on the same episodes.

    Args:
        pairs: Number of episodes that both ran.
        both: Number in which both succeeded.
        only_a: Number in which only a did.
        only_b: Number in which only b did.
        rate_a: Success rate of a on the pairs, in [0, 1]; None without a pair.
        rate_b: Success rate of b on the pairs.
        difference: b's success rate less a's, in [-1, 1]; None without a pair.
        low: Lower end of the 95 % paired bootstrap interval; None with fewer than two starts.
        high: Upper end.
        p: p-value of McNemar's exact test, in (0, 1]; None without a pair.
    """

    pairs: int
    both: int
    only_a: int
    only_b: int
    rate_a: float | None
    rate_b: float | None
    difference: float | None
    low: float | None
    high: float | None
    p: float | None

    @property
    def discordance(self) -> float | None:
        """Share of the episodes in which exactly one of them succeeded, in [0, 1]; None without a pair."""
        return (self.only_a + self.only_b) / self.pairs if self.pairs else None


def measure_difference(pairs: Sequence[Pair], seed: int = 0) -> Difference:
    """Count the pairs, and say how sure their difference is.

    Pairs of several training seeds that share a start are kept together, in the test and in the interval.

    Args:
        pairs: Episodes that both policies ran.
        seed: Seed of the bootstrap.
    """
    n = len(pairs)
    both, only_a, only_b = (
        sum((pair.a, pair.b) == outcome for pair in pairs) for outcome in ((True, True), (True, False), (False, True))
    )
    if not n:
        return Difference(0, 0, 0, 0, None, None, None, None, None, None)
    tasks = _of_tasks(pairs)
    low, high = (None if isnan(end) else end for end in paired_bootstrap(tasks, n, CONFIDENCE, seed=seed))
    starts = np.concatenate(tasks)
    p = mcnemar_exact(only_a, only_b) if len(starts) == n else symmetry_test(starts)
    rates = (both + only_a) / n, (both + only_b) / n
    return Difference(n, both, only_a, only_b, *rates, (only_b - only_a) / n, low, high, p)


def _of_tasks(pairs: Iterable[Pair]) -> list[Differences]:
    """Return b's successes less a's: an array per task, a value per start."""
    tasks: dict[Hashable, dict[Hashable, int]] = {}
    for pair in pairs:
        of_task = tasks.setdefault((pair.start.suite, pair.start.task), {})
        of_task[pair.start] = of_task.get(pair.start, 0) + pair.b - pair.a
    return [np.array(list(of_task.values())) for of_task in tasks.values()]
