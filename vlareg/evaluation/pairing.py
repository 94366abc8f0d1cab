"""Which episodes of two evaluations are the same one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from vlareg.evaluation.records import EpisodeIdentity, EpisodeRecord


@dataclass(frozen=True)
class Pair:
    """One episode, run by two policies; both runs have an outcome.

    Args:
        start: The episode; its perturbation is that of a.
        instruction: What policy a was told.
        a: Whether policy a succeeded.
        b: Whether policy b succeeded.
    """

    start: EpisodeIdentity
    instruction: str
    a: bool
    b: bool


@dataclass(frozen=True)
class Pairing:
    """The episodes of two evaluations, side by side.

    Args:
        pairs: Those that both ran, with an outcome each.
        unpaired_a: Number of a's episodes that b has no record of.
        unpaired_b: Number of b's episodes that a has no record of.
        errors_a: Number of a's episodes whose simulator failed.
        errors_b: Number of b's episodes whose simulator failed.
        lost: Number of episodes that both have a record of, but are no pair since a simulator failed.
    """

    pairs: tuple[Pair, ...]
    unpaired_a: int
    unpaired_b: int
    errors_a: int
    errors_b: int
    lost: int


def pair_episodes(
    a: Iterable[EpisodeRecord], b: Iterable[EpisodeRecord], across_perturbations: bool = False
) -> Pairing:
    """Pair the episodes of two evaluations by suite, task, initial state, seed and perturbation.

    Args:
        a: Episodes of one policy.
        b: Episodes of another.
        across_perturbations: Pair a changed episode with the unchanged one from the same initial state.

    Returns:
        The pairs in the order of the suites, tasks and initial states, and what has no partner.

    Raises:
        ValueError: If an evaluation has an episode twice, with different perturbations that are to be ignored.
    """
    of_a, of_b = _by_start(a, across_perturbations, "a"), _by_start(b, across_perturbations, "b")
    both = sorted(of_a.keys() & of_b.keys())
    pairs = [
        Pair(of_a[start].identity, of_a[start].instruction, success_a, success_b)
        for start in both
        if (success_a := of_a[start].success) is not None and (success_b := of_b[start].success) is not None
    ]
    return Pairing(
        tuple(pairs),
        len(of_a) - len(both),
        len(of_b) - len(both),
        _count_errors(of_a),
        _count_errors(of_b),
        len(both) - len(pairs),
    )


def _by_start(records: Iterable[EpisodeRecord], across: bool, name: str) -> dict[EpisodeIdentity, EpisodeRecord]:
    found: dict[EpisodeIdentity, EpisodeRecord] = {}
    for record in records:
        start = record.identity._replace(perturbation="") if across else record.identity
        if start in found:
            raise ValueError(
                f"`{name}` has task {start.task} from initial state {start.init_index} with the perturbations "
                f"{found[start].perturbation!r} and {record.perturbation!r}: give folders of one perturbation each."
            )
        found[start] = record
    return found


def _count_errors(records: Mapping[EpisodeIdentity, EpisodeRecord]) -> int:
    return sum(record.error is not None for record in records.values())
