"""Objects that the task might have been about."""

from dataclasses import dataclass
from typing import ClassVar
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from vlareg.envs.libero_mini.movable import MOVABLE
from vlareg.envs.libero_mini.tasks import FOLDER
from vlareg.envs.perturbations.added_objects import AddedObject, scatter
from vlareg.envs.perturbations.episode_key import EpisodeKey
from vlareg.envs.perturbations.perturbation import Perturbation
from vlareg.envs.perturbations.scene import Scene


@dataclass(frozen=True)
class Candidates(Perturbation):
    """Put as many other objects of `libero_mini` on the table as the level says; the instruction still names one alone.

    Where there are any, they have the shape of the task's object in another colour.
    """

    name: ClassVar[str] = "candidates"
    max_level: ClassVar[int] = 2

    def change_model(self, mjcf: Element, scene: Scene) -> None:
        """Add the objects.

        Raises:
            ValueError: The task is not one of `libero_mini`.
        """
        for item in self._objects(scene):
            item.add_to(mjcf)

    def change_start(self, scene: Scene, key: EpisodeKey) -> None:
        """Place and colour them."""
        objects = self._objects(scene)
        colours = [MOVABLE[item.name.removeprefix("candidate_")][1] for item in objects]
        scatter(scene, objects, colours, key.generator(self.name))

    def _objects(self, scene: Scene) -> list[AddedObject]:
        here = [name.rsplit("_", 1)[0] for name in scene.problem.objects_dict]
        if unknown := set(here) - set(MOVABLE):
            raise ValueError(
                f"`perturbation` candidates is for libero_mini's objects, but the task has {sorted(unknown)}."
            )
        shape = MOVABLE[scene.item.rsplit("_", 1)[0]][0]
        others = sorted((name for name in MOVABLE if name not in here), key=lambda name: MOVABLE[name][0] != shape)
        return [_described(name) for name in others[: self.level]]


def _described(name: str) -> AddedObject:
    """Return an object as its MJCF file describes it."""
    geom = ElementTree.parse(FOLDER / "assets" / f"{MOVABLE[name][0]}.xml").find(".//geom[@name='body']")
    assert geom is not None
    size = tuple(float(length) for length in geom.attrib["size"].split())
    return AddedObject(f"candidate_{name}", geom.attrib["type"], size)
