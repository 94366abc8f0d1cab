"""What is true in a scene: as arrays with one row a scene, and as objects that questions read."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Shaped

from vlareg.data.concepts.vocabulary import CATEGORIES, COLORS, KINDS
from vlareg.envs.signs.pictograms import SIGNS

SLOTS = 6
"""Most objects in a scene."""

OPENING_M = 0.08
"""Distance between the open gripper's fingers (m)."""

Scene = dict[str, Shaped[np.ndarray, "..."]]
Scenes = dict[str, Shaped[np.ndarray, "scenes ..."]]


def blank_labels() -> Scene:
    """Return the labels of a scene without objects and signs."""
    return {
        "kinds": np.full(SLOTS, -1, np.int8),
        "colors": np.full(SLOTS, -1, np.int8),
        "supports": np.full(SLOTS, -1, np.int8),
        "positions": np.zeros((SLOTS, 3), np.float32),
        "pixels": np.zeros((SLOTS, 2), np.float32),
        "visible": np.zeros(SLOTS, bool),
        "gripper_positions": np.zeros(3, np.float32),
        "gripper_pixels": np.zeros(2, np.float32),
        "openings": np.zeros((), np.float32),
        "held": np.full((), -1, np.int8),
        "signs": np.full(2, -1, np.int8),
        "sign_pixels": np.zeros(2, np.float32),
    }


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

    @property
    def in_gripper(self) -> Thing | None:
        """The object between the fingers, seen or not."""
        return self.things[self.held] if self.held >= 0 else None


def facts(scenes: Scenes, index: int) -> Facts:
    """Read one scene's facts from the arrays of `vlareg.data.concepts.render_scenes`."""
    row = {name: values[index].tolist() for name, values in scenes.items() if name != "frames"}
    slots = zip(*(row[name] for name in ("kinds", "colors", "positions", "pixels", "visible", "supports")), strict=True)
    things = tuple(Thing(KINDS[k], COLORS[c], tuple(p), tuple(x), v, s) for k, c, p, x, v, s in slots if k >= 0)
    category, name = row["signs"]
    sign = None if category < 0 else (CATEGORIES[category], SIGNS[CATEGORIES[category]][name])
    gripper, pixel = tuple(row["gripper_positions"]), tuple(row["gripper_pixels"])
    return Facts(things, gripper, pixel, row["openings"], row["held"], sign, tuple(row["sign_pixels"]))
