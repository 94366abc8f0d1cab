"""Give surfaces of a scene a texture that can be overwritten later."""

from collections.abc import Iterable
from xml.etree.ElementTree import Element, SubElement

TABLES = ("table", "living_room_table", "living_room_table_col", "study_table", "coffee_table")
"""Bodies of LIBERO's scenes whose visible geoms are the table."""

TEXTURE_SIZE = 256
"""Width and height of a surface's texture (pixels)."""

SKY_SIZE = 256
"""Width and height of one of the sky's six pictures (pixels)."""


def table_geoms(mjcf: Element) -> list[Element]:
    """Return the visible geoms of the surface on which the objects stand: the table, or else the floor."""
    bodies = [body for body in mjcf.iter("body") if body.get("name") in TABLES]
    geoms = [geom for body in bodies for geom in body.findall("geom") if geom.get("group") == "1"]
    return [geom for geom in geoms if "leg" not in geom.get("name", "")] or _floor(mjcf)


def background_geoms(mjcf: Element) -> list[Element]:
    """Return the visible geoms of the walls, and of the floor where the objects do not stand on it."""
    walls = [geom for geom in mjcf.iter("geom") if geom.get("name", "").startswith("wall_")]
    table = table_geoms(mjcf)
    return walls + [geom for geom in _floor(mjcf) if all(geom is not other for other in table)]


def cover(mjcf: Element, geoms: Iterable[Element], name: str, repeats: int) -> None:
    """Give geoms a material with a texture of their own, white until it is overwritten.

    Args:
        mjcf: The model; the material is added to its assets.
        geoms: What to cover.
        name: Name of the texture and of the material.
        repeats: How often the texture fits on a geom.
    """
    size = str(TEXTURE_SIZE)
    white = {"builtin": "flat", "rgb1": "1 1 1", "rgb2": "1 1 1", "width": size, "height": size}
    assets = mjcf.find("asset")
    assert assets is not None
    SubElement(assets, "texture", {"name": name, "type": "2d", **white})
    SubElement(
        assets, "material", {"name": name, "texture": name, "texrepeat": f"{repeats} {repeats}", "specular": "0.1"}
    )
    for geom in geoms:
        geom.attrib.pop("rgba", None)
        geom.set("material", name)


def cover_sky(mjcf: Element, name: str) -> None:
    """Give what is behind everything a texture that can be overwritten: six square pictures, one below the other."""
    for texture in mjcf.iter("texture"):
        if texture.get("type") == "skybox":
            size = {"width": str(SKY_SIZE), "height": str(6 * SKY_SIZE)}
            texture.attrib.update({"name": name, "builtin": "flat", "rgb1": "1 1 1", "rgb2": "1 1 1", **size})


def _floor(mjcf: Element) -> list[Element]:
    return [geom for geom in mjcf.iter("geom") if geom.get("name") == "floor"]
