"""One scene: a tabletop, or a sign board on a tabletop or on a plain texture."""

from functools import cache

import numpy as np
from PIL import Image

from vlareg.data.concepts.cameras import CAMERAS, SIZE
from vlareg.data.concepts.facts import Scene, blank_labels
from vlareg.data.concepts.tabletop import Tabletop
from vlareg.data.concepts.vocabulary import CATEGORIES
from vlareg.envs.signs.pictograms import SIGNS
from vlareg.envs.signs.signs import draw_sign, texture

_tabletop = cache(Tabletop)


def render_scene(seed: tuple[int, int], *, with_sign: bool) -> Scene:
    """Render one scene.

    Args:
        seed: Decides everything in the scene.
        with_sign: Whether to put a sign board on it.

    Returns:
        `frames` (uint8, [views height width 3], upright) and the labels.
    """
    rng = np.random.default_rng(seed)
    if not with_sign or rng.random() < 0.5:
        scene = _tabletop().render(rng)
    else:
        scene = blank_labels() | {"frames": np.stack([texture(rng, SIZE) for _ in CAMERAS])}
    if with_sign:
        _paste_sign(scene, rng)
    return scene


def _paste_sign(scene: Scene, rng: np.random.Generator) -> None:
    """Put the same sign on every view, each at a place of its own."""
    category = int(rng.integers(len(CATEGORIES)))
    names = SIGNS[CATEGORIES[category]]
    name = int(rng.integers(len(names)))
    state = int(rng.integers(2**32))
    for view in range(len(CAMERAS)):
        side = int(SIZE * rng.uniform(0.4, 0.75))
        board = draw_sign(CATEGORIES[category], names[name], np.random.default_rng(state), side)
        corner = rng.integers(0, SIZE - side + 1, 2)
        picture = Image.fromarray(scene["frames"][view])
        picture.paste(board, (int(corner[0]), int(corner[1])), board)
        scene["frames"][view] = np.asarray(picture)
        if view == 0:
            scene["sign_pixels"][:] = (corner + side / 2) / SIZE
    scene["signs"][:] = category, name
