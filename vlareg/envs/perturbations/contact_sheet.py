"""One picture with every perturbation at every level, to look at."""

import textwrap
from collections.abc import Sequence
from contextlib import closing

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageDraw

from vlareg.envs.libero_env import WAITING_ACTION, LiberoEnv
from vlareg.envs.perturbations.moved_object import STEPS
from vlareg.envs.perturbations.perturbation import Perturbation

CAPTION = 44
"""Height of the text below a picture (pixels)."""


def contact_sheet(
    suite: str, task: int, init_index: int, kinds: Sequence[type[Perturbation]], resolution: int = 128, seed: int = 0
) -> Image.Image:
    """Draw a row for each perturbation and a column for each level; level 0 is the unchanged episode.

    Both cameras are shown some steps after the start, when a moved object has moved, and what the policy is told.

    Args:
        suite: One of `SUITES`.
        task: The task's number.
        init_index: Number of the initial state.
        kinds: The perturbations.
        resolution: Width and height of one camera's image (pixels).
        seed: Seed of what the perturbations draw.
    """
    columns = 1 + max(kind.max_level for kind in kinds)
    width, height = 2 * resolution, resolution + CAPTION
    sheet = Image.new("RGB", (columns * width, len(kinds) * height), "white")
    for row, kind in enumerate(kinds):
        for level in range(kind.max_level + 1):
            picture, text = _shot(suite, task, init_index, kind(level), resolution, seed)
            at = (level * width, row * height)
            sheet.paste(Image.fromarray(picture), at)
            lines = [f"{kind.name} level {level}", *textwrap.wrap(text, resolution // 3)]
            ImageDraw.Draw(sheet).multiline_text((at[0] + 3, at[1] + resolution), "\n".join(lines), "black", spacing=1)
    return sheet


def _shot(
    suite: str, task: int, init_index: int, perturbation: Perturbation, resolution: int, seed: int
) -> tuple[UInt8[np.ndarray, "height width 3"], str]:
    """Return both images side by side and upright, and the instruction; or a grey picture and why there is none."""
    try:
        env = LiberoEnv(suite, task, resolution=resolution, seed=seed, perturbation=perturbation)
        with closing(env):
            env.reset(init_index)
            for step in range(STEPS[1] + 2):
                env.render(step > STEPS[1])
                observation, _ = env.step(np.array(WAITING_ACTION))
            return np.concatenate([frame[::-1] for frame in observation.frames], axis=1), env.instruction
    except ValueError as error:  # the perturbation is not for this task
        return np.full((resolution, 2 * resolution, 3), 200, np.uint8), str(error)
