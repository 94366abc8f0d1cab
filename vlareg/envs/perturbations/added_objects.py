"""Put objects into a scene that LIBERO does not know of: names, goals and stored initial states stay as they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement

import numpy as np

from vlareg.envs.perturbations.free_places import FreePlaces
from vlareg.envs.perturbations.ground import ground_height
from vlareg.envs.perturbations.scene import Scene

Colour = tuple[float, float, float]
"""Red, green, blue in [0, 1]."""

_ASIDE = "5 0 1"  # m; where the model puts them, out of sight, until they are placed


@dataclass(frozen=True)
class AddedObject:
    """An object that can be moved.

    Args:
        name: Name of its body, its joint and its visible geom.
        shape: One of MuJoCo's primitive shapes: "box" or "cylinder".
        size: A box's half lengths, or a cylinder's radius and half height (m).
    """

    name: str
    shape: str
    size: tuple[float, ...]

    @property
    def radius(self) -> float:
        """Radius of the circle on the table that it stays in (m)."""
        return float(np.linalg.norm(self.size[:-1]))  # of a cylinder: the radius itself

    def add_to(self, mjcf: Element) -> None:
        """Add it at the end of a model, so that the state of what was there before comes first."""
        world = mjcf.find("worldbody")
        assert world is not None
        body = SubElement(world, "body", {"name": self.name, "pos": _ASIDE})
        SubElement(body, "freejoint", {"name": self.name})
        form = {"type": self.shape, "size": " ".join(str(length) for length in self.size)}
        contact = {"density": "250", "friction": "1.0 0.01 0.0001", "solref": "0.004 1"}
        SubElement(body, "geom", {**form, **contact, "name": f"{self.name}_body", "group": "0"})
        seen_only = {"group": "1", "contype": "0", "conaffinity": "0", "mass": "0"}
        SubElement(body, "geom", {**form, **seen_only, "name": self.name, "rgba": "1 1 1 1"})


def scatter(
    scene: Scene, objects: Sequence[AddedObject], colours: Sequence[Colour], generator: np.random.Generator
) -> None:
    """Give added objects their colours, and put them at rest on free places of the table, turned at random.

    Args:
        scene: The scene.
        objects: The objects.
        colours: One for each.
        generator: Where places and turns come from.

    Raises:
        RuntimeError: There is no free place left.
    """
    free = FreePlaces(scene)
    for item, colour in zip(objects, colours, strict=True):
        scene.model.geom(item.name).rgba[:3] = colour
        place = free.take(item.radius, generator)
        turn = generator.uniform(0.0, np.pi) / 2.0
        quaternion = [np.cos(turn), 0.0, 0.0, np.sin(turn)]
        scene.move(item.name, np.array([*place, ground_height(scene, place) + item.size[-1]]), np.array(quaternion))
    scene.forward()
