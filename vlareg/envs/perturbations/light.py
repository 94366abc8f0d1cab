"""Light as no demonstration shows it."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float

from vlareg.envs.perturbations.episode_key import EpisodeKey
from vlareg.envs.perturbations.perturbation import Perturbation
from vlareg.envs.perturbations.scene import Scene


@dataclass(frozen=True)
class Light(Perturbation):
    """Move, turn, tint, and strengthen or weaken all lamps together.

    At level 1 / 2 / 3 the lamps stand 0.3 / 0.6 / 1.0 m elsewhere and shine 15 / 30 / 45 degrees from another side; one
    part of their colour (red and green, say) loses 15 / 30 / 45 %, and the strength is multiplied or divided by 1.25 /
    1.6 / 2.0.
    """

    name: ClassVar[str] = "light"
    max_level: ClassVar[int] = 3
    shifts: ClassVar[tuple[float, ...]] = (0.3, 0.6, 1.0)
    angles: ClassVar[tuple[float, ...]] = (15.0, 30.0, 45.0)
    tints: ClassVar[tuple[float, ...]] = (0.15, 0.30, 0.45)
    factors: ClassVar[tuple[float, ...]] = (1.25, 1.6, 2.0)

    def change_start(self, scene: Scene, key: EpisodeKey) -> None:
        """Set the episode's light."""
        generator, at = key.generator(self.name), self.level - 1
        side = generator.uniform(0.0, 2 * np.pi)
        away = np.array([np.cos(side), np.sin(side), 0.0])
        colour = 1.0 - self.tints[at] * _hue(generator)
        colour *= self.factors[at] ** generator.choice([-1.0, 1.0])
        model = scene.model
        model.light_pos[:] += self.shifts[at] * away
        model.light_dir[:] = [_tilted(direction, away, self.angles[at]) for direction in model.light_dir]
        for shine in (model.light_diffuse, model.light_ambient, model.light_specular):
            shine[:] = np.clip(shine * colour, 0.0, 1.0)
        for part in (model.vis.headlight.ambient, model.vis.headlight.diffuse):
            part[:] = np.clip(part * colour, 0.0, 1.0)


def _hue(generator: np.random.Generator) -> Float[np.ndarray, "3"]:
    """Return which parts of red, green and blue are weakened: one or two of them."""
    parts = np.zeros(3)
    parts[generator.permutation(3)[: generator.integers(1, 3)]] = 1.0
    return parts


def _tilted(direction: Float[np.ndarray, "3"], away: Float[np.ndarray, "3"], angle: float) -> Float[np.ndarray, "3"]:
    """Return a direction turned by an angle (degrees) so that the light comes more from the side `away`."""
    unit = direction / np.linalg.norm(direction)
    sideways = -away + unit * (away @ unit)
    sideways /= np.linalg.norm(sideways)
    turned: Float[np.ndarray, 3] = np.cos(np.radians(angle)) * unit + np.sin(np.radians(angle)) * sideways
    return turned
