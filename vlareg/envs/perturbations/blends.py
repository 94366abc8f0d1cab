"""Textures laid over the images, as if seen through a patterned pane."""

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np
from jaxtyping import Bool, UInt8

from vlareg.envs.perturbations.episode_key import EpisodeKey
from vlareg.envs.perturbations.foreground import foreground
from vlareg.envs.perturbations.perturbation import Perturbation
from vlareg.envs.perturbations.scene import Scene
from vlareg.envs.perturbations.textures import draw_texture

SHARES = (0.3, 0.5)
"""How much of a blended pixel is texture, at levels 1 and 2."""

Frames = UInt8[np.ndarray, "views height width 3"]


@dataclass(frozen=True)
class ImageBlend(Perturbation):
    """Mix a drawn texture into the whole of every image, the same one throughout an episode.

    Reference:
        Jijia Liu et al., "What Can RL Bring to VLA Generalization? An Empirical Study", 2025, arXiv:2505.19789, has
        these two shares. There the texture moves from step to step; here it stands still.
    """

    name: ClassVar[str] = "image_blend"
    max_level: ClassVar[int] = len(SHARES)

    def change_frames(self, frames: Frames, scene: Scene, key: EpisodeKey, step: int) -> Frames:
        """Return the images with the texture over them."""
        everywhere = np.ones(frames.shape[:3], dtype=bool)
        return _blend(frames, everywhere, SHARES[self.level - 1], key, self.name)


@dataclass(frozen=True)
class ForegroundBlend(Perturbation):
    """Mix a drawn texture into the robot, the objects and the fixtures, and leave table and background as they are.

    Reference:
        As in `ImageBlend`.
    """

    name: ClassVar[str] = "foreground_blend"
    max_level: ClassVar[int] = len(SHARES)

    def change_frames(self, frames: Frames, scene: Scene, key: EpisodeKey, step: int) -> Frames:
        """Return the images with the texture over the foreground."""
        height, width = frames.shape[1:3]
        masks = [foreground(scene, camera, height, width) for camera in scene.cameras]
        return _blend(frames, np.stack(masks), SHARES[self.level - 1], key, self.name) if masks else frames


def _blend(
    frames: Frames, mask: Bool[np.ndarray, "views height width"], share: float, key: EpisodeKey, name: str
) -> Frames:
    textures = np.stack([_texture(key, f"{name} {view}", frames.shape[1:3]) for view in range(len(frames))])
    mixed = np.round((1.0 - share) * frames + share * textures).astype(np.uint8)
    return np.where(mask[..., None], mixed, frames)


@lru_cache(maxsize=8)
def _texture(key: EpisodeKey, purpose: str, size: tuple[int, int]) -> UInt8[np.ndarray, "height width 3"]:
    return draw_texture(key.generator(purpose), 1.0, max(size))[: size[0], : size[1]]
