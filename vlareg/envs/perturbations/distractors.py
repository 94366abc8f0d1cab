"""Objects on the table that no instruction names."""

from dataclasses import dataclass
from typing import ClassVar
from xml.etree.ElementTree import Element

from vlareg.envs.perturbations.added_objects import AddedObject, Colour, scatter
from vlareg.envs.perturbations.episode_key import EpisodeKey
from vlareg.envs.perturbations.perturbation import Perturbation
from vlareg.envs.perturbations.scene import Scene

SHAPES = (
    AddedObject("distractor_0", "box", (0.032, 0.018, 0.015)),
    AddedObject("distractor_1", "cylinder", (0.016, 0.035)),
    AddedObject("distractor_2", "box", (0.027, 0.027, 0.010)),
)
"""A brick, a rod and a tile: shapes that no task of `libero_mini` has."""

COLOURS: tuple[Colour, ...] = (
    (1.00, 0.50, 0.75),
    (0.00, 0.55, 0.55),
    (0.45, 0.25, 0.10),
    (0.50, 0.50, 0.05),
    (0.08, 0.08, 0.08),
    (0.50, 0.85, 1.00),
)
"""Pink, teal, brown, olive, black, sky blue: colours that no object of `libero_mini` has."""


@dataclass(frozen=True)
class Distractors(Perturbation):
    """Put as many unfamiliar objects on the table as the level says, away from the task's objects and their way."""

    name: ClassVar[str] = "distractors"
    max_level: ClassVar[int] = len(SHAPES)

    def change_model(self, mjcf: Element, scene: Scene) -> None:
        """Add the objects."""
        for item in SHAPES[: self.level]:
            item.add_to(mjcf)

    def change_start(self, scene: Scene, key: EpisodeKey) -> None:
        """Place and colour them."""
        generator = key.generator(self.name)
        colours = [COLOURS[index] for index in generator.permutation(len(COLOURS))]
        scatter(scene, SHAPES[: self.level], colours[: self.level], generator)
