"""A task's object that no demonstration has."""

import re
from dataclasses import dataclass
from typing import ClassVar
from xml.etree.ElementTree import Element

from vlareg.envs.libero_mini.movable import MOVABLE, Colour
from vlareg.envs.perturbations.episode_key import EpisodeKey
from vlareg.envs.perturbations.perturbation import Perturbation
from vlareg.envs.perturbations.scene import Scene

COLOURS: dict[str, Colour] = {
    "pink": (1.00, 0.50, 0.75),
    "brown": (0.45, 0.25, 0.10),
    "black": (0.08, 0.08, 0.08),
    "turquoise": (0.00, 0.75, 0.70),
}
"""Colours that no object of `libero_mini` has."""

SHAPES: dict[str, tuple[str, str, str]] = {
    "cube": ("cylinder", "cylinder", "0.025 0.025"),
    "puck": ("box", "tile", "0.025 0.025 0.021"),
    "cylinder": ("box", "block", "0.022 0.022 0.029"),
    "block": ("cylinder", "puck", "0.027 0.024"),
}
"""What a shape of `libero_mini` becomes: MuJoCo's name, the noun, and the size (m), as high as it was."""

_THING = re.compile(r"the (?P<colour>\w+) (?P<noun>cube|puck|cylinder|block)\b")


@dataclass(frozen=True)
class UnseenObject(Perturbation):
    """Give the task's object another colour, and tell the policy so.

    At level 1 it has a colour that is halfway to another one, and the instruction stays. At level 2 it has a new
    colour, which the instruction names. At level 3 it has a new shape as well. For the tasks of `libero_mini` only.
    """

    name: ClassVar[str] = "unseen_object"
    max_level: ClassVar[int] = 3

    def change_model(self, mjcf: Element, scene: Scene) -> None:
        """Give the object its shape.

        Raises:
            ValueError: The task is not one of `libero_mini`.
        """
        kind = scene.item.rsplit("_", 1)[0]
        if kind not in MOVABLE:
            raise ValueError(f"`perturbation` unseen_object is for libero_mini's objects, but the task has {kind}.")
        if self.level == 3:
            shape, _, size = SHAPES[MOVABLE[kind][0]]
            for geom in mjcf.iter("geom"):
                if geom.get("name", "").startswith(f"{scene.item}_body"):
                    geom.attrib.update({"type": shape, "size": size})

    def change_start(self, scene: Scene, key: EpisodeKey) -> None:
        """Give the object its colour."""
        new = COLOURS[_colour(key)]
        own = MOVABLE[scene.item.rsplit("_", 1)[0]][1]
        share = 0.4 if self.level == 1 else 1.0
        colour = [(1.0 - share) * before + share * after for before, after in zip(own, new, strict=True)]
        scene.model.geom(f"{scene.item}_body_visual").rgba[:3] = colour

    def wordings(self, instruction: str) -> tuple[str, ...]:
        """Return the instruction with each of the colours."""
        return tuple(self._named(instruction, colour) for colour in COLOURS)

    def reword(self, instruction: str, key: EpisodeKey) -> str:
        """Return the instruction with the object's colour and shape."""
        return self._named(instruction, _colour(key))

    def _named(self, instruction: str, colour: str) -> str:
        found = _THING.search(instruction)
        if self.level < 2 or found is None:
            return instruction
        noun = SHAPES[found["noun"]][1] if self.level == 3 else found["noun"]
        return instruction.replace(found[0], f"the {colour} {noun}")


def _colour(key: EpisodeKey) -> str:
    return list(COLOURS)[key.generator("colour").integers(len(COLOURS))]
