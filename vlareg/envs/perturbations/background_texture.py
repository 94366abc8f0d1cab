"""A room that no demonstration shows."""

from dataclasses import dataclass
from typing import ClassVar
from xml.etree.ElementTree import Element

import numpy as np

from vlareg.envs.perturbations.episode_key import EpisodeKey
from vlareg.envs.perturbations.perturbation import Perturbation
from vlareg.envs.perturbations.scene import Scene
from vlareg.envs.perturbations.surfaces import SKY_SIZE, TEXTURE_SIZE, background_geoms, cover, cover_sky
from vlareg.envs.perturbations.textures import draw_texture

_ROOM, _SKY = "perturbed_room", "perturbed_sky"


@dataclass(frozen=True)
class BackgroundTexture(Perturbation):
    """Cover the walls, the floor and the sky behind them with drawn textures, others in each episode.

    The levels are those of `TableTexture`: a plain colour, low contrast, high contrast.
    """

    name: ClassVar[str] = "background_texture"
    max_level: ClassVar[int] = 3
    contrasts: ClassVar[tuple[float, ...]] = (0.0, 0.5, 1.0)

    def change_model(self, mjcf: Element, scene: Scene) -> None:
        """Make the textures ones that can be overwritten."""
        cover(mjcf, background_geoms(mjcf), _ROOM, repeats=6)
        cover_sky(mjcf, _SKY)

    def change_start(self, scene: Scene, key: EpisodeKey) -> None:
        """Draw the episode's textures."""
        contrast = self.contrasts[self.level - 1]
        scene.upload_texture(_ROOM, draw_texture(key.generator(_ROOM), contrast, TEXTURE_SIZE))
        side = draw_texture(key.generator(_SKY), contrast, SKY_SIZE)
        scene.upload_texture(_SKY, np.tile(side, (6, 1, 1)))  # one picture on the six sides
