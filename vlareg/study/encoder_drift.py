"""How much of what one policy's encoders see alike another policy's still see alike."""

from dataclasses import replace

from vlareg.callbacks.readings import Readings
from vlareg.functional.chance import Score
from vlareg.study.measurements import Measurements
from vlareg.study.scoring import score_grid


def encoder_drift(found: Measurements) -> dict[str, dict[str, list[Score]]]:
    """Score the patches of each encoder's blocks against those of the start's same blocks, for every other policy.

    A policy whose encoders have another number of blocks is left out.

    Args:
        found: The policies.

    Returns:
        Policy -> encoder's place -> a score per block, 1 where nothing moved.
    """
    places = [place for place in found.places if place.startswith("encoder")]
    start = found.policies[found.start]
    comparable = [
        name
        for name, other in found.policies.items()
        if name != found.start
        and all(_depth(found, name, place) == _depth(found, found.start, place) for place in places)
    ]
    return {
        name: {place: _shared(found, name, start.points_like(place), place) for place in places} for name in comparable
    }


def _depth(found: Measurements, name: str, place: str) -> int:
    policy = found.policies[name]
    return len(policy.points_like(place)) if place in policy.places else 0


def _shared(found: Measurements, name: str, blocks: list[str], place: str) -> list[Score]:
    start, other = found.policies[found.start], found.policies[name]
    before = [replace(point, name=f"start.{point.name}") for point in start.points if point.name in blocks]
    after = [point for point in other.points if point.name in other.points_like(place)]
    values = {point.name: start.readings.values[point.name.removeprefix("start.")] for point in before}
    both = Readings({**other.readings.values, **values}, start.readings.episode_ids, start.readings.sample_ids)
    grid = score_grid(both, found.scopes[found.whole], after, before, found.k)
    return [grid.score([a.name], b.name) for a, b in zip(after, before, strict=True)]
