"""A table that no demonstration shows."""

from dataclasses import dataclass
from typing import ClassVar
from xml.etree.ElementTree import Element

from vlareg.envs.perturbations.episode_key import EpisodeKey
from vlareg.envs.perturbations.perturbation import Perturbation
from vlareg.envs.perturbations.scene import Scene
from vlareg.envs.perturbations.surfaces import TEXTURE_SIZE, cover, table_geoms
from vlareg.envs.perturbations.textures import draw_texture

_TEXTURE = "perturbed_table"


@dataclass(frozen=True)
class TableTexture(Perturbation):
    """Cover the table (in scenes without one, the floor) with a drawn texture, another one in each episode.

    Level 1 is one plain colour, level 2 a pattern of low contrast, level 3 one of high contrast.
    """

    name: ClassVar[str] = "table_texture"
    max_level: ClassVar[int] = 3
    contrasts: ClassVar[tuple[float, ...]] = (0.0, 0.5, 1.0)

    def change_model(self, mjcf: Element, scene: Scene) -> None:
        """Make the table's texture one that can be overwritten."""
        cover(mjcf, table_geoms(mjcf), _TEXTURE, repeats=2)

    def change_start(self, scene: Scene, key: EpisodeKey) -> None:
        """Draw the episode's texture."""
        contrast = self.contrasts[self.level - 1]
        scene.upload_texture(_TEXTURE, draw_texture(key.generator(self.name), contrast, TEXTURE_SIZE))
