"""Questions and short answers about rendered scenes: what pretrains the vision and the language of a small policy."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from jaxtyping import Shaped
from torch.utils.data import Dataset

from vlareg.data.signs import PALETTE, SIGNS
from vlareg.envs.libero_mini.tasks import TASKS
from vlareg.policies.openvla.prompts import question_prompt

LOCATION_BINS = 32
"""Number of `<loc..>` tokens."""
REACH_M = 0.4
"""Offset along one axis at which the outermost location token starts to clip (m)."""

OPENING_M = 0.08
"""Distance between the open gripper's fingers (m)."""

KINDS = ("cube", "cylinder", "puck", "block", "plate", "box", "region")
"""Nouns; a scene's arrays hold their index, -1 where there is no object."""
COLORS = tuple(PALETTE)
"""Adjectives; a scene's arrays hold their index."""
CATEGORIES = tuple(SIGNS)
CATEGORY_WORDS = {name: {"parity": "number", "public": "public information"}.get(name, name) for name in CATEGORIES}
CATEGORY_QUESTIONS = {
    "shape": "which shape is on the sign",
    "color": "what color is on the sign",
    "arrow": "which way does the arrow point",
    "parity": "is the number odd or even",
    "traffic": "what does the traffic sign say",
    "laundry": "how should this be washed",
    "weather": "what does the weather sign say",
    "public": "what does the public sign say",
}
COUNTS = ("zero", "one", "two", "three", "four", "five", "six")

SYNONYMS = {
    "cube": "block",
    "block": "cube",
    "cylinder": "can",
    "puck": "disc",
    "plate": "dish",
    "box": "container",
    "region": "area",
}
"""Another noun for each kind, sometimes used behind a colour."""

MOVED = ("cube", "cylinder", "puck", "block")
"""The kinds that instructions are about; the others are where they go."""

INSTRUCTIONS = {
    "plate": ("put the {} on the {}", "place the {} onto the {}", "move the {} on top of the {}"),
    "box": ("put the {} in the {}", "place the {} inside the {}", "drop the {} into the {}"),
    "region": ("push the {} to the {}", "slide the {} onto the {}", "move the {} to the {}"),
}
"""What can be done with something and a target: first the suite's own words, then others."""

PREPOSITIONS = {"plate": "on", "box": "in", "region": "on"}

PARAPHRASES = (
    "pick up lift grab grasp take hold carry bring set lay release shove drag stack get leave",
    "within upon over above below under behind beside near next towards from off with by at middle center",
    "brick disk tube tray bin basket bowl zone patch spot field square round",
    "please now then first and or not an that one thing item robot arm hand",
    "what action should the robot take to do",
)
"""Words that paraphrased instructions need and that no question contains."""

MARGIN_M = 0.02
"""Least difference between what is compared (m)."""

QuestionAnswer = tuple[str, str]
Scenes = Mapping[str, Shaped[np.ndarray, "scenes ..."]]


def location(x: float, y: float) -> str:
    """Return the two tokens of a point of the upright agentview picture.

    Args:
        x: From the left (fraction of the width).
        y: From the top (fraction of the height).

    Example:
        >>> location(0.0, 0.99)
        '<loc00><loc31>'
    """
    return "".join(_token(value * LOCATION_BINS) for value in (x, y))


def offset(difference: Iterable[float]) -> str:
    """Return the tokens of a vector (m), one per axis; the bins are narrow near zero (1.6 mm) and wide far away (5 cm).

    Example:
        >>> offset([0.0, -0.4, 0.1])
        '<loc16><loc00><loc24>'
    """
    half = LOCATION_BINS / 2
    return "".join(_token(half + math.copysign(math.sqrt(abs(d) / REACH_M), d) * half) for d in difference)


def _token(value: float) -> str:
    return f"<loc{min(max(math.floor(value), 0), LOCATION_BINS - 1):02d}>"


@dataclass(frozen=True)
class Thing:
    """An object on the table.

    Args:
        kind: Noun.
        color: Adjective.
        position: Centre in the world frame (m).
        pixel: Centre in the upright agentview picture (fractions of width and height).
        visible: Whether the agentview camera sees it.
        support: Index of the object that it lies on or in, or -1.
    """

    kind: str
    color: str
    position: tuple[float, float, float]
    pixel: tuple[float, float]
    visible: bool
    support: int = -1

    @property
    def name(self) -> str:
        """Colour and kind; unique in a scene."""
        return f"{self.color} {self.kind}"


@dataclass(frozen=True)
class Facts:
    """What is true in one scene.

    Left is towards -y and front towards +x of the world frame, as in LIBERO's instructions and for agentview's camera.
    The pictures that policies see are its mirror image: upside down in LIBERO, and then turned by 180 degrees.

    Args:
        things: The objects.
        gripper_position: Point between the fingers in the world frame (m).
        gripper_pixel: The same point in the upright agentview picture (fractions).
        opening: Distance between the fingers (m).
        held: Index of the object between the fingers, or -1.
        sign: Category and name of the sign board, if there is one.
        sign_pixel: Its centre in the upright agentview picture (fractions).
    """

    things: tuple[Thing, ...]
    gripper_position: tuple[float, float, float]
    gripper_pixel: tuple[float, float]
    opening: float
    held: int
    sign: tuple[str, str] | None
    sign_pixel: tuple[float, float]

    @property
    def seen(self) -> list[Thing]:
        """The visible objects, from left to right."""
        return sorted((thing for thing in self.things if thing.visible), key=lambda thing: thing.position[1])


def facts(scenes: Scenes, index: int) -> Facts:
    """Read one scene's facts from the arrays of `vlareg.data.scenes.render_scenes`."""
    row = {name: values[index].tolist() for name, values in scenes.items() if name != "frames"}
    slots = zip(*(row[name] for name in ("kinds", "colors", "positions", "pixels", "visible", "supports")), strict=True)
    things = tuple(Thing(KINDS[k], COLORS[c], tuple(p), tuple(x), v, s) for k, c, p, x, v, s in slots if k >= 0)
    category, name = row["signs"]
    sign = None if category < 0 else (CATEGORIES[category], SIGNS[CATEGORIES[category]][name])
    gripper, pixel = tuple(row["gripper_positions"]), tuple(row["gripper_pixels"])
    return Facts(things, gripper, pixel, row["openings"], row["held"], sign, tuple(row["sign_pixels"]))


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
    return f"is the {names[0]} {PREPOSITIONS[target.kind]} the {names[1]}", _yes(target is support)


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
    side, sign = (("left", 1), ("right", -1))[int(rng.integers(2))]
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
    side, sign = (("left", 1), ("right", -1))[int(rng.integers(2))]
    truth = sign * thing.position[1] < sign * other.position[1]
    return f"is the {thing.name} {side} of the {other.name}", _yes(truth)


def _nearest(scene: Facts, thing: Thing, rng: np.random.Generator) -> QuestionAnswer | None:
    found = _first(scene.seen, lambda other: math.dist(other.position, scene.gripper_position))
    return ("which object is next to the gripper", found.name) if found else None


def _exists(scene: Facts, thing: Thing, rng: np.random.Generator) -> QuestionAnswer:
    if rng.random() < 0.4:
        return f"is there a {thing.name}", "yes"
    other = f"{COLORS[int(rng.integers(len(COLORS)))]} {thing.kind}"
    return f"is there a {other}", _yes(any(known.name == other for known in scene.things))


def _list(scene: Facts, thing: Thing, rng: np.random.Generator) -> QuestionAnswer:
    held = scene.things[scene.held] if scene.held >= 0 else None
    return "which objects are on the table", ", ".join(
        seen.name for seen in scene.seen if seen is not held
    ) or "nothing"


def _count(scene: Facts, thing: Thing, rng: np.random.Generator) -> QuestionAnswer | None:
    kind = KINDS[int(rng.integers(len(KINDS)))]
    if any(other.kind == kind and not other.visible for other in scene.things):
        return None
    return f"how many {_plural(kind)} are there", COUNTS[sum(other.kind == kind for other in scene.things)]


def _plural(kind: str) -> str:
    return "boxes" if kind == "box" else f"{kind}s"


def _is_held(scene: Facts, thing: Thing, rng: np.random.Generator) -> QuestionAnswer:
    held = scene.things[scene.held] if scene.held >= 0 else None
    asked = held if held is not None and rng.random() < 0.5 else thing
    return f"is the {_refer(scene, asked, rng)} in the gripper", _yes(asked is held)


def _where_gripper(scene: Facts, thing: Thing, rng: np.random.Generator) -> QuestionAnswer | None:
    inside = all(0 <= value < 1 for value in scene.gripper_pixel)
    return ("where is the gripper", location(*scene.gripper_pixel)) if inside else None


def _held(scene: Facts, thing: Thing, rng: np.random.Generator) -> QuestionAnswer:
    return "what is in the gripper", scene.things[scene.held].name if scene.held >= 0 else "nothing"


def _open(scene: Facts, thing: Thing, rng: np.random.Generator) -> QuestionAnswer | None:
    if OPENING_M / 4 < scene.opening < OPENING_M * 3 / 4:
        return None
    return "is the gripper open or closed", "open" if scene.opening > OPENING_M / 2 else "closed"


def _yes(truth: bool) -> str:
    return "yes" if truth else "no"


def _ask_sign(category: str, name: str, rng: np.random.Generator) -> QuestionAnswer:
    other = name if rng.random() < 0.4 else SIGNS[category][int(rng.integers(len(SIGNS[category])))]
    return (
        ("what sign is this", name),
        (CATEGORY_QUESTIONS[category], name),
        ("what kind of sign is this", CATEGORY_WORDS[category]),
        (f"is this the sign for {other}", _yes(other == name)),
    )[int(rng.choice(4, p=(0.35, 0.35, 0.2, 0.1)))]


_FAMILIES: dict[Callable[[Facts, Thing, np.random.Generator], QuestionAnswer | None], float] = {
    _where: 4, _how_far: 4, _task: 12, _done: 2, _on_target: 1, _color: 2, _what_is_at: 1, _outermost: 1, _relation: 1,
    _nearest: 1, _exists: 1, _list: 1, _count: 0.5, _is_held: 1, _where_gripper: 2, _held: 1, _open: 0.5,
}  # fmt: skip
_LIMITS = np.cumsum(list(_FAMILIES.values()))


def ask(scene: Facts, rng: np.random.Generator) -> QuestionAnswer:
    """Choose a question that the scene can answer.

    Args:
        scene: What is true.
        rng: Decides which question.

    Returns:
        The question and the answer.
    """
    question, answer = _ask(scene, rng)
    return f"{question}?", answer


def _ask(scene: Facts, rng: np.random.Generator) -> QuestionAnswer:
    if scene.sign is not None:
        return _ask_sign(*scene.sign, rng) if rng.random() < 0.8 else ("where is the sign", location(*scene.sign_pixel))
    if not (seen := scene.seen):
        return "what is in the gripper", scene.things[scene.held].name if scene.held >= 0 else "nothing"
    while True:
        family = list(_FAMILIES)[int(np.searchsorted(_LIMITS, rng.random() * _LIMITS[-1]))]
        if (pair := family(scene, seen[int(rng.integers(len(seen)))], rng)) is not None:
            return pair


class SceneQuestions(Dataset[dict[str, Any]]):
    """Pictures with a question and its answer; sample i depends on the seed and i alone.

    Args:
        scenes: The arrays of `vlareg.data.scenes.render_scenes` or `load_scenes`.
        seed: Seed of the choice of questions.
        questions_per_scene: Samples a scene gives; sample i shows scene i modulo the number of scenes.
    """

    def __init__(self, scenes: Scenes, *, seed: int = 0, questions_per_scene: int = 16) -> None:
        if questions_per_scene < 1:
            raise ValueError(f"`questions_per_scene` must be at least 1, but got {questions_per_scene}.")
        self.scenes, self.seed, self.questions_per_scene = scenes, seed, questions_per_scene

    def __len__(self) -> int:
        return len(self.scenes["frames"]) * self.questions_per_scene

    def __getitem__(self, index: int) -> dict[str, Any]:
        """Return `frames` (uint8, [views height width 3], upright), `question`, `prompt` (around it) and `answer`."""
        if not 0 <= index < len(self):
            raise IndexError(f"`index` must be in 0..{len(self) - 1}, but got {index}.")
        scene = index % len(self.scenes["frames"])
        question, answer = ask(facts(self.scenes, scene), np.random.default_rng((self.seed, index)))
        frames = np.array(self.scenes["frames"][scene])
        return {"frames": frames, "question": question, "prompt": question_prompt(question), "answer": answer}


def all_texts() -> list[str]:
    """Return texts that hold every word of the questions, the answers, the instructions and their paraphrases."""
    names = [f"{color} {kind}" for color, kind in product(COLORS, (*KINDS, *SYNONYMS.values()))]
    tasks = [task.replace("_", " ") for task in TASKS]
    tasks += [template.format(*names[:2]) for templates in INSTRUCTIONS.values() for template in templates]
    signs = [text for category, members in SIGNS.items() for text in (*members, CATEGORY_WORDS[category])]
    questions = [
        "where is the", "what is at", "how far is the gripper from the", "where is the start to", "where is the end to",
        "what color is the", "on the left", "on the right", "at the back", "in front", "which object is", "is there a",
        "left of", "right of", "which object is next to the gripper", "which objects are on the table",
        "is the in the gripper", "where is the gripper", "what is in the gripper", "is the gripper open or closed",
        "what sign is this", "what kind of sign is this", "is this the sign for", "where is the sign",
        *CATEGORY_QUESTIONS.values(), *(f"how many {_plural(kind)} are there" for kind in KINDS),
    ]  # fmt: skip
    answers = ["open", "closed", "yes", "no", "nothing", "red cube, blue cube", *COUNTS]
    tokens = [f"<loc{index:02d}>" for index in range(LOCATION_BINS)]
    return [f"{question}?" for question in questions] + names + tasks + signs + answers + tokens + list(PARAPHRASES)
