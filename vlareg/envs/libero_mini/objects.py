"""The suite's objects, registered with LIBERO so that its BDDL can name them."""

import vlareg.envs.prepared_libero  # noqa: F401  # before LIBERO and robosuite

# isort: split
from pathlib import Path
from typing import Any

from libero.libero.envs.base_object import register_object
from robosuite.models.objects import MujocoXMLObject

from vlareg.envs.libero_mini.movable import MOVABLE, Colour

ASSETS = Path(__file__).parent / "assets"


class MiniObject(MujocoXMLObject):  # type: ignore[misc]
    """A shape of `assets/` in a colour.

    Args:
        name: The instance's name in the BDDL.
        shape: Name of the MJCF file.
        colour: Colour of the visible geoms; the file's own where it is None.
        fixed: Whether it cannot move.
    """

    rotation = (0.0, 0.0)
    rotation_axis = "z"

    def __init__(self, name: str, shape: str, colour: Colour | None = None, fixed: bool = False) -> None:
        joints = None if fixed else [{"type": "free", "damping": "0.0005"}]
        super().__init__(str(ASSETS / f"{shape}.xml"), name=name, joints=joints, duplicate_collision_geoms=False)
        self.category_name = f"mini_{shape}"
        self.object_properties: dict[str, Any] = {"vis_site_names": {}}
        if colour is not None:
            for geom in self._obj.iter("geom"):
                if geom.get("group") == "1":
                    geom.set("rgba", " ".join(str(value) for value in (*colour, 1.0)))


@register_object
class MiniPlate(MiniObject):
    """A flat white plate, fixed to the table."""

    def __init__(self, name: str = "plate", joints: None = None) -> None:
        super().__init__(name, "plate", fixed=True)


@register_object
class MiniBox(MiniObject):
    """A shallow open cardboard box, fixed to the table."""

    def __init__(self, name: str = "box", joints: None = None) -> None:
        super().__init__(name, "box", fixed=True)


def _register(class_name: str, shape: str, colour: Colour) -> None:
    def construct(self: MiniObject, name: str = shape) -> None:
        MiniObject.__init__(self, name, shape, colour)

    register_object(type(class_name, (MiniObject,), {"__init__": construct, "__module__": __name__}))


for _name, (_shape, _colour) in MOVABLE.items():
    _register(f"Mini{_name.title().replace('_', '')}", _shape, _colour)
