"""Score a policy's representation on a probe set."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from torch import nn

from vlareg.batch import VLABatch
from vlareg.callbacks.alignment_record import AlignmentRecord
from vlareg.callbacks.choose import choose
from vlareg.callbacks.evaluating import evaluating
from vlareg.callbacks.readings import read_probe
from vlareg.callbacks.scores import score_pairs
from vlareg.functional.layer_pairs import check_metric


@dataclass(frozen=True)
class AlignmentScorer:
    """Which of a policy's representations are scored, against what, and how.

    Args:
        points: Names or patterns of `extraction_points`.
        targets: Names or patterns of `listed_targets` or of `extraction_points`; windows such as `actions.arm.next8`.
        metrics: Names of metrics.
        k: Number of neighbours, which are sought in other episodes only.

    Raises:
        ValueError: If `k` is below 1, nothing is to be scored, or a metric is unknown.
    """

    points: Sequence[str]
    targets: Sequence[str]
    metrics: Sequence[str] = ("mutual_knn", "cknna")
    k: int = 10

    def __post_init__(self) -> None:
        """Refuse what scores nothing."""
        if self.k < 1:
            raise ValueError(f"`k` must be >= 1, but got {self.k}.")
        for name in ("points", "targets", "metrics"):
            names = getattr(self, name)
            if isinstance(names, str) or not names:
                raise ValueError(f"`{name}` must be a list of at least one name, but got {names!r}.")
        for metric in self.metrics:
            check_metric(metric)

    def score(
        self,
        policy: nn.Module,
        batches: Iterable[VLABatch],
        regularizers: Iterable[nn.Module] = (),
        *,
        step: int = 0,
        context: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> AlignmentRecord:
        """Read a policy once over a probe set and score it, alike on every rank.

        Args:
            policy: The policy; its mode and all random states are as before, afterwards.
            batches: The probe set, the same on every rank.
            regularizers: Regularizers on the policy, whose own representations may be asked for.
            step: Optimizer step, to be noted.
            context: Around the policy's forward pass, such as autocast.

        Raises:
            ValueError: If a name is unknown, or the probe set has too few samples or episodes.
        """
        regularizers = list(regularizers)
        points, targets = (choose(names, policy, regularizers) for names in (self.points, self.targets))
        wanted = list({item.name: item for item in (*points, *targets)}.values())
        with evaluating(policy, *regularizers):
            readings = read_probe(policy, wanted, batches, context)
            scores = score_pairs(readings, points, targets, self.metrics, self.k)
        samples, episodes = len(readings.sample_ids), len(set(readings.episode_ids.tolist()))
        names = [point.name for point in points], [target.name for target in targets]
        return AlignmentRecord(step, samples, episodes, self.k, *names, scores)
