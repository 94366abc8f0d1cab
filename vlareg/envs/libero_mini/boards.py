"""A plate with a picture standing behind it, which each episode can draw anew."""

from xml.etree.ElementTree import SubElement

from libero.libero.envs.base_object import register_object

from vlareg.envs.libero_mini.objects import MiniObject

PICTURE_SIZE = 128
"""Width and height of a picture's texture (pixels)."""

PANEL_AXES = "0 1 0 -0.4848 0 0.8746"
"""How the panel is turned: to the right and up as agentview's picture is, so that the camera sees it undistorted."""

PANEL_PLACE, PANEL_HALF = "-0.136 0 0.095", "0.115 0.115 0.003"
"""Centre of the panel over the plate's middle, and half its size (m); its lower edge stands on the table behind the plate."""


@register_object
class MiniBoard(MiniObject):
    """The suite's plate, and a solid panel behind it that leans away from the camera; both are fixed to the table.

    The panel's texture is `NAME_picture`, white until it is overwritten.

    Args:
        name: The instance's name in the BDDL.
    """

    def __init__(self, name: str = "board", joints: None = None) -> None:
        super().__init__(name, "plate", fixed=True)
        picture, size = f"{name}_picture", str(PICTURE_SIZE)
        white = {"builtin": "flat", "rgb1": "1 1 1", "rgb2": "1 1 1", "width": size, "height": size}
        SubElement(self.asset, "texture", {"name": picture, "type": "2d", **white})
        SubElement(self.asset, "material", {"name": picture, "texture": picture, "specular": "0"})
        panel = {"type": "box", "pos": PANEL_PLACE, "xyaxes": PANEL_AXES, "size": PANEL_HALF}
        SubElement(self._obj, "geom", {**panel, "name": f"{name}_panel", "group": "0"})
        seen_only = {"group": "1", "contype": "0", "conaffinity": "0", "mass": "0", "material": picture}
        SubElement(self._obj, "geom", {**panel, **seen_only, "name": f"{name}_panel_visual"})
