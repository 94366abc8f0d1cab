"""Tabletops with an instruction each, about an object whose place in the picture is known."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, UInt8

from vlareg.data.concepts import render_scenes
from vlareg.data.concepts.facts import Facts, Thing, facts
from vlareg.data.concepts.layout import TARGETS
from vlareg.data.concepts.vocabulary import INSTRUCTIONS, MOVED
from vlareg.policies.openvla import OpenVLAProcessor
from vlareg.policies.openvla.preprocessing import CROP_AREA, resize

BOX = 0.15
"""Side of the square around an object's centre that counts as its place (of the picture); the largest objects fill it."""

EDGE = 0.06
"""Least distance of an object's centre from the picture's edge (of its width and height)."""


@dataclass(frozen=True)
class Scene:
    """A tabletop and an instruction.

    Args:
        frames: Prepared pictures of all views, upright.
        instruction: What the robot is asked to do.
        thing: The object that is to be moved; the instruction names it by colour and kind.
        centre: Where it is in the first view (fractions of width and height).
    """

    frames: UInt8[np.ndarray, "views size size 3"]
    instruction: str
    thing: Thing
    centre: tuple[float, float]


def instructed_scenes(count: int, seed: int, processor: OpenVLAProcessor) -> list[Scene]:
    """Return tabletops of the embedded suite's simulator in which a visible object shall be moved.

    Scenes are rendered once and kept in the user's cache.

    Args:
        count: How many (> 0).
        seed: Decides the scenes.
        processor: Of the policy that will see them.

    Raises:
        ValueError: If the policy has more views than the simulator has cameras.
    """
    rendered = render_scenes(2 * count, seed, signs=0)  # of ten scenes, about eight have what is needed
    if processor.config.num_views > rendered["frames"].shape[1]:
        raise ValueError(f"Scenes have {rendered['frames'].shape[1]} views, the policy {processor.config.num_views}.")
    found: list[Scene] = []
    for index in range(2 * count):
        scene = facts(rendered, index)
        asked = _ask(scene, processor, np.random.default_rng((seed, index)))
        if asked and len(found) < count:
            instruction, thing, centre = asked
            found.append(Scene(_prepare(rendered["frames"][index], processor), instruction, thing, centre))
    return found


def _ask(
    scene: Facts, processor: OpenVLAProcessor, rng: np.random.Generator
) -> tuple[str, Thing, tuple[float, float]] | None:
    things = [thing for thing in scene.seen if thing.kind in MOVED and _is_inside(_cropped(thing))]
    targets = [thing for thing in scene.seen if thing.kind in TARGETS]
    if not things or not targets:
        return None
    thing, target = things[rng.integers(len(things))], targets[rng.integers(len(targets))]
    instruction = INSTRUCTIONS[target.kind][0].format(thing.name, target.name)
    return instruction, thing, _cropped(thing) if processor.config.trained_with_augmentation else thing.pixel


def _cropped(thing: Thing) -> tuple[float, float]:
    """Return where an object is in the centre crop; also policies that do not crop are asked about what is in it."""
    x, y = (0.5 + (place - 0.5) / CROP_AREA**0.5 for place in thing.pixel)
    return x, y


def _is_inside(centre: tuple[float, float]) -> bool:
    return all(EDGE < place < 1 - EDGE for place in centre)


def _prepare(frames: np.ndarray, processor: OpenVLAProcessor) -> UInt8[np.ndarray, "views size size 3"]:
    """Return the policy's views at its size; scenes are stored upright and have been through JPEG."""
    frames = resize(np.asarray(frames[: processor.config.num_views]), processor.config.image_size)
    return processor.centre_crop(frames) if processor.config.trained_with_augmentation else frames


def box_overlap(centre: tuple[float, float], side: float, grid: tuple[int, int]) -> Float[np.ndarray, "rows columns"]:
    """Return how much of each cell of a grid over the picture lies in a square box.

    Args:
        centre: The box's centre (fractions of width and height).
        side: Its width and height (fractions of the picture's).
        grid: Rows and columns.

    Returns:
        Share of each cell, in [0, 1].

    Example:
        >>> box_overlap((0.5, 0.25), 0.5, (2, 2)).tolist()
        [[0.5, 0.5], [0.0, 0.0]]
    """
    shares = []
    for place, cells in zip(centre, reversed(grid), strict=True):
        edges = np.arange(cells + 1) / cells
        covered = np.minimum(edges[1:], place + side / 2) - np.maximum(edges[:-1], place - side / 2)
        shares.append(covered.clip(0.0, None) * cells)
    across, down = shares
    overlap: np.ndarray = np.outer(down, across)
    return overlap
