"""The families of questions about a tabletop."""

import math
from collections.abc import Callable

import numpy as np

from vlareg.data.concepts.facts import OPENING_M, Facts, Thing
from vlareg.data.concepts.locations import LOCATION_BINS, location, offset
from vlareg.data.concepts.vocabulary import COLORS, COUNTS, INSTRUCTIONS, KINDS, MOVED, PREPOSITIONS, SYNONYMS, plural

MARGIN_M = 0.02
"""Least difference between what is compared (m)."""

_SIDES = (("left", 1), ("right", -1))
"""Each with the sign that makes y grow away from that side."""

QuestionAnswer = tuple[str, str]


def _refer(scene: Facts, thing: Thing, rng: np.random.Generator) -> str:
    """Name an object so that no other is meant: by its colour, its side, or by nothing more than its kind."""
    same = [other for other in scene.things if other.kind == thing.kind]
    if len(same) == 1 and rng.random() < 0.4:
        return thing.kind
    if len(same) == 2 and rng.random() < 0.3 and abs(same[0].position[1] - same[1].position[1]) > MARGIN_M:
        return f"{'left' if thing is min(same, key=lambda other: other.position[1]) else 'right'} {thing.kind}"
    return f"{thing.color} {SYNONYMS[thing.kind] if rng.random() < 0.1 else thing.kind}"


def _first(things: list[Thing], key: Callable[[Thing], float]) -> Thing | None:
    """Return the thing with the least key, or None where another is about as small."""
    ordered = sorted(things, key=key)
    return ordered[0] if len(ordered) == 1 or key(ordered[1]) - key(ordered[0]) > MARGIN_M else None


# Each family returns a question and its answer, or None where the scene has none; `thing` is a random visible object.


def _where(scene: Facts, thing: Thing, rng: np.random.Generator) -> QuestionAnswer:
    return f"where is the {_refer(scene, thing, rng)}", location(*thing.pixel)


def _what_is_at(scene: Facts, thing: Thing, rng: np.random.Generator) -> QuestionAnswer | None:
    near = [other for other in scene.seen if math.dist(other.pixel, thing.pixel) < 2 / LOCATION_BINS]
    return (f"what is at {location(*thing.pixel)}", thing.name) if len(near) == 1 else None


def _how_far(scene: Facts, thing: Thing, rng: np.random.Generator) -> QuestionAnswer:
    return f"how far is the gripper from the {_refer(scene, thing, rng)}", _reach(scene, thing)


def _reach(scene: Facts, thing: Thing) -> str:
    return offset(goal - now for goal, now in zip(thing.position, scene.gripper_position, strict=True))


def _task(scene: Facts, thing: Thing, rng: np.random.Generator) -> QuestionAnswer | None:
    """Ask where, and how far away, the two objects of an instruction are."""
    targets = [other for other in scene.seen if other.kind in INSTRUCTIONS]
    if thing.kind not in MOVED or not targets:
        return None
    target = targets[int(rng.integers(len(targets)))]
    words = INSTRUCTIONS[target.kind]
    template = words[int(rng.choice(len(words), p=(0.7, 0.15, 0.15)))]
    instruction = template.format(_refer(scene, thing, rng), _refer(scene, target, rng))
    end, chosen = ("start", thing) if rng.random() < 0.5 else ("end", target)
    if rng.random() < 0.5:
        return f"where is the {end} to {instruction}", location(*chosen.pixel)
    return f"how far is the {end} to {instruction}", _reach(scene, chosen)


def _done(scene: Facts, thing: Thing, rng: np.random.Generator) -> QuestionAnswer | None:
    """Ask whether something lies on or in a target."""
    targets = [other for other in scene.seen if other.kind in PREPOSITIONS]
    if thing.kind not in MOVED or not targets:
        return None
    support = scene.things[thing.support] if thing.support >= 0 else None
    known = support is not None and support.visible and rng.random() < 0.5
    target = support if known and support else targets[int(rng.integers(len(targets)))]
    names = _refer(scene, thing, rng), _refer(scene, target, rng)
    return f"is the {names[0]} {PREPOSITIONS[target.kind]} the {names[1]}", yes_or_no(target is support)


def _on_target(scene: Facts, thing: Thing, rng: np.random.Generator) -> QuestionAnswer | None:
    if thing.kind not in PREPOSITIONS:
        return None
    index = next(i for i, other in enumerate(scene.things) if other is thing)
    found = [other.name for other in scene.things if other.support == index]
    return f"what is {PREPOSITIONS[thing.kind]} the {_refer(scene, thing, rng)}", found[0] if found else "nothing"


def _color(scene: Facts, thing: Thing, rng: np.random.Generator) -> QuestionAnswer | None:
    same = [other for other in scene.things if other.kind == thing.kind]
    if len(same) == 1:
        return f"what color is the {thing.kind}", thing.color
    side, sign = _SIDES[int(rng.integers(2))]
    found = _first(same, lambda other: sign * other.position[1])
    return (f"what color is the {thing.kind} on the {side}", found.color) if found and found.visible else None


def _outermost(scene: Facts, thing: Thing, rng: np.random.Generator) -> QuestionAnswer | None:
    sides = (("on the left", 1, 1), ("on the right", 1, -1), ("at the back", 0, 1), ("in front", 0, -1))
    place, axis, sign = sides[int(rng.integers(4))]
    found = _first(scene.seen, lambda other: sign * other.position[axis])
    return (f"which object is {place}", found.name) if found else None


def _relation(scene: Facts, thing: Thing, rng: np.random.Generator) -> QuestionAnswer | None:
    other = scene.seen[int(rng.integers(len(scene.seen)))]
    if abs(thing.position[1] - other.position[1]) < MARGIN_M:
        return None
    side, sign = _SIDES[int(rng.integers(2))]
    truth = sign * thing.position[1] < sign * other.position[1]
    return f"is the {thing.name} {side} of the {other.name}", yes_or_no(truth)


def _nearest(scene: Facts, thing: Thing, rng: np.random.Generator) -> QuestionAnswer | None:
    found = _first(scene.seen, lambda other: math.dist(other.position, scene.gripper_position))
    return ("which object is next to the gripper", found.name) if found else None


def _exists(scene: Facts, thing: Thing, rng: np.random.Generator) -> QuestionAnswer:
    if rng.random() < 0.4:
        return f"is there a {thing.name}", "yes"
    other = f"{COLORS[int(rng.integers(len(COLORS)))]} {thing.kind}"
    return f"is there a {other}", yes_or_no(any(known.name == other for known in scene.things))


def _list(scene: Facts, thing: Thing, rng: np.random.Generator) -> QuestionAnswer:
    names = [seen.name for seen in scene.seen if seen is not scene.in_gripper]
    return "which objects are on the table", ", ".join(names) or "nothing"


def _count(scene: Facts, thing: Thing, rng: np.random.Generator) -> QuestionAnswer | None:
    kind = KINDS[int(rng.integers(len(KINDS)))]
    if any(other.kind == kind and not other.visible for other in scene.things):
        return None
    return f"how many {plural(kind)} are there", COUNTS[sum(other.kind == kind for other in scene.things)]


def _is_held(scene: Facts, thing: Thing, rng: np.random.Generator) -> QuestionAnswer:
    held = scene.in_gripper
    asked = held if held is not None and rng.random() < 0.5 else thing
    return f"is the {_refer(scene, asked, rng)} in the gripper", yes_or_no(asked is held)


def _where_gripper(scene: Facts, thing: Thing, rng: np.random.Generator) -> QuestionAnswer | None:
    inside = all(0 <= value < 1 for value in scene.gripper_pixel)
    return ("where is the gripper", location(*scene.gripper_pixel)) if inside else None


def _held(scene: Facts, thing: Thing, rng: np.random.Generator) -> QuestionAnswer:
    return "what is in the gripper", scene.in_gripper.name if scene.in_gripper else "nothing"


def _open(scene: Facts, thing: Thing, rng: np.random.Generator) -> QuestionAnswer | None:
    if OPENING_M / 4 < scene.opening < OPENING_M * 3 / 4:
        return None
    return "is the gripper open or closed", "open" if scene.opening > OPENING_M / 2 else "closed"


def yes_or_no(truth: bool) -> str:
    """Return the answer to a yes-no question."""
    return "yes" if truth else "no"


FAMILIES: dict[Callable[[Facts, Thing, np.random.Generator], QuestionAnswer | None], float] = {
    _where: 4, _how_far: 4, _task: 12, _done: 2, _on_target: 1, _color: 2, _what_is_at: 1, _outermost: 1, _relation: 1,
    _nearest: 1, _exists: 1, _list: 1, _count: 0.5, _is_held: 1, _where_gripper: 2, _held: 1, _open: 0.5,
}  # fmt: skip
