"""Draw the robot by its collision shapes: 48 times fewer vertices than its visual meshes, and the same physics."""

from typing import Any
from xml.etree.ElementTree import Element

WHITE, GREY, DARK = "0.92 0.93 0.95 1", "0.62 0.65 0.70 1", "0.45 0.47 0.52 1"

WRIST_CAMERA = {"pos": "0.08 0 0.01", "xyaxes": "0 1 0 0.9511 0 0.3090", "fovy": "85"}
"""Pose of the wrist camera in the hand: tilted by 18 degrees towards the point between the fingertips."""

_COLOURS = {
    "link0": GREY,
    "link3": GREY,
    "link5": GREY,
    "link7": GREY,
    "hand": WHITE,
    "pad": "0.05 0.85 0.85 1",
    "finger": "0.05 0.70 0.70 1",
    "controller": DARK,
    "pedestal": DARK,
}


def draw_collision_shapes(robot: Any) -> None:
    """Replace the visual geoms of a robosuite robot (arm, gripper, mount) by coloured twins of the collision geoms.

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
        if body.get("name") == "robot0_link7":  # the one link without a collision geom
            body.append(_twin(Element("geom", {"name": "robot0_link7", "type": "mesh", "mesh": "robot0_link7"})))
    camera = robot.worldbody.find(".//camera[@name='robot0_eye_in_hand']")
    camera.attrib.pop("quat")
    camera.attrib.update(WRIST_CAMERA)
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
    seen_only = {"group": "1", "contype": "0", "conaffinity": "0", "mass": "0", "rgba": colour}
    return Element("geom", {**kept, **seen_only, "name": f"{name}_drawn"})
