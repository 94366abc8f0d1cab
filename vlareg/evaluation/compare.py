"""Compare two policies, or two arms of training seeds, on the episodes that both ran."""

from collections.abc import Iterable, Sequence
from math import isnan
from pathlib import Path
from statistics import mean

from vlareg.evaluation.comparison import Comparison, SeedDifference, TaskDifference
from vlareg.evaluation.difference import Difference, measure_difference
from vlareg.evaluation.intervals import CONFIDENCE, t_interval
from vlareg.evaluation.mcnemar import episodes_needed
from vlareg.evaluation.pairing import Pair, Pairing, pair_episodes
from vlareg.evaluation.results import Results, flat_settings, read_results
from vlareg.evaluation.settings import IMPLIED
from vlareg.evaluation.shared_words import shared_words

SOUGHT = 0.05
"""The difference for which the number of episodes is given."""

_OF_THE_POLICY = ("checkpoint", "random_weights", "unnorm_key")  # settings that may well differ


def compare(
    a: str | Path | Sequence[str | Path],
    b: str | Path | Sequence[str | Path],
    *,
    across_perturbations: bool = False,
    seed: int = 0,
) -> Comparison:
    """Compare the policies of results folders on the episodes that both ran.

    With several folders each, the first of a is compared with the first of b, and so on: they are the training seeds of
    two arms.

    Args:
        a: Results folder of the policy to compare with, or those of an arm.
        b: Results folder of the other policy, or those of the other arm, as many.
        across_perturbations: Pair a changed episode with the unchanged one from the same initial state.
        seed: Seed of the bootstrap.

    Raises:
        FileNotFoundError: If a folder has no records.
        ValueError: If the arms do not have the same number of folders, one is named twice, or two that are to be compared
            share no episode.

    Example:
        >>> import tempfile
        >>> from vlareg.evaluation import EpisodeRecord, append_record
        >>> root = Path(tempfile.mkdtemp())
        >>> for name, failures in (("a", 3), ("b", 1)):
        ...     (root / name).mkdir()
        ...     for i in range(10):
        ...         record = EpisodeRecord("libero_mini", 0, i, 0, success=i >= failures, steps=40, instruction="go")
        ...         append_record(root / name / "episodes.jsonl", record)
        >>> found = compare(root / "a", root / "b")
        >>> print(f"{found.only_a} {found.only_b} {found.difference:.1f} {found.p}")
        0 2 0.2 0.5
    """
    arms = _read_arms(_folders(a), _folders(b))
    pairings = [_pair(left, right, across_perturbations) for left, right in arms]
    pairs = [pair for pairing in pairings for pair in pairing.pairs]
    overall = measure_difference(pairs, seed)
    of_seeds = tuple(
        SeedDifference(**vars(measure_difference(pairing.pairs, seed)), a=str(left.folder), b=str(right.folder))
        for (left, right), pairing in zip(arms, pairings, strict=True)
    )
    seeds_mean, seeds_low, seeds_high = _spread(of_seeds)
    return Comparison(
        **vars(overall),
        **_left_out(pairings),
        tasks=tuple(_of_tasks(pairs, seed)),
        seeds=of_seeds,
        seeds_mean=seeds_mean,
        seeds_low=seeds_low,
        seeds_high=seeds_high,
        episodes_needed=None if overall.discordance is None else episodes_needed(overall.discordance, SOUGHT),
        notes=tuple(dict.fromkeys(note for left, right in arms for note in _notes(left, right, across_perturbations))),
    )


def _folders(arm: str | Path | Sequence[str | Path]) -> list[Path]:
    return [Path(folder) for folder in ([arm] if isinstance(arm, str | Path) else arm)]


def _read_arms(a: list[Path], b: list[Path]) -> list[tuple[Results, Results]]:
    if len(a) != len(b) or not a:
        raise ValueError(
            f"`a` and `b` must have as many folders, one for each training seed, but got {len(a)} and {len(b)}."
        )
    places = [folder.resolve() for folder in (*a, *b)]
    if twice := sorted({str(place) for place in places if places.count(place) > 1}):
        raise ValueError(f"`a` and `b` must name each folder once, but got {twice[0]} twice.")
    return [(read_results(left), read_results(right)) for left, right in zip(a, b, strict=True)]


def _pair(a: Results, b: Results, across_perturbations: bool) -> Pairing:
    pairing = pair_episodes(a.records, b.records, across_perturbations)
    if pairing.pairs or pairing.lost:
        return pairing
    for name in a.records[0].identity._fields:
        values = [{getattr(record.identity, name) for record in results.records} for results in (a, b)]
        if not (name == "perturbation" and across_perturbations) and values[0].isdisjoint(values[1]):
            hint = "; `across_perturbations` pairs them all the same" if name == "perturbation" else ""
            raise ValueError(
                f"{a.folder} and {b.folder} share no episode: `{name}` is {_few(values[0])} in one and "
                f"{_few(values[1])} in the other{hint}."
            )
    raise ValueError(f"{a.folder} and {b.folder} share no episode.")


def _few(values: Iterable[object]) -> str:
    ordered = sorted(values, key=str)
    return ", ".join(map(repr, ordered[:4])) + (", ..." if len(ordered) > 4 else "")


def _left_out(pairings: Sequence[Pairing]) -> dict[str, int]:
    names = ("unpaired_a", "unpaired_b", "errors_a", "errors_b", "lost")
    return {name: sum(getattr(pairing, name) for pairing in pairings) for name in names}


def _of_tasks(pairs: Sequence[Pair], seed: int) -> Iterable[TaskDifference]:
    groups: dict[tuple[str, int], list[Pair]] = {}
    for pair in pairs:
        groups.setdefault((pair.start.suite, pair.start.task), []).append(pair)
    for (suite, task), group in sorted(groups.items()):
        found = measure_difference(group, seed)
        words = shared_words(pair.instruction for pair in group)
        yield TaskDifference(**vars(found), suite=suite, task=task, instruction=words)


def _spread(seeds: Sequence[Difference]) -> tuple[float | None, float | None, float | None]:
    values = [seed.difference for seed in seeds if seed.difference is not None]
    if len(values) < len(seeds):
        return None, None, None
    low, high = (None if isnan(end) else end for end in t_interval(values, CONFIDENCE))
    return mean(values), low, high


def _notes(a: Results, b: Results, across_perturbations: bool) -> Iterable[str]:
    """Say what besides the policies differs, and whether the policies do."""
    if not (a.settings and b.settings):
        return
    settings_a, settings_b = (IMPLIED | dict(flat_settings(results.settings)) for results in (a, b))
    differing = [name for name in settings_a | settings_b if settings_a.get(name) != settings_b.get(name)]
    if not {*_OF_THE_POLICY, "perturbation"} & set(differing):
        yield "a and b are evaluations of the same policy"
    for name in differing:
        if name not in _OF_THE_POLICY and not (name == "perturbation" and across_perturbations):
            yield f"`{name}` is {settings_a.get(name)} in a and {settings_b.get(name)} in b"
