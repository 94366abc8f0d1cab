"""What may be changed about an episode, and when."""

from dataclasses import dataclass
from typing import ClassVar
from xml.etree.ElementTree import Element

import numpy as np
from jaxtyping import UInt8

from vlareg.envs.perturbations.episode_key import EpisodeKey
from vlareg.envs.perturbations.scene import Scene


@dataclass(frozen=True)
class Perturbation:
    """A change of an episode, at a level; this one changes nothing, and its subclasses override what they need.

    The hooks are called at levels above 0 only, so level 0 is the unchanged episode. What is drawn at random comes from
    the episode's key and not from the level: the levels of one episode differ in strength alone.

    Args:
        level: 0 changes nothing; the highest is `max_level`.

    Attributes:
        name: How records and the command line call it.
        max_level: The highest level.

    Raises:
        ValueError: There is no such level.
    """

    level: int = 1

    name: ClassVar[str] = "none"
    max_level: ClassVar[int] = 0

    def __post_init__(self) -> None:
        if not 0 <= self.level <= self.max_level:
            raise ValueError(f"`level` of {self.name} must be in 0..{self.max_level}, but got {self.level}.")

    def __str__(self) -> str:
        """Return the name and the level, or "none" where nothing is changed."""
        return f"{self.name} level {self.level}" if self.level else "none"

    def change_model(self, mjcf: Element, scene: Scene) -> None:
        """Change the model's description before it is compiled; the same for all episodes of a task.

        Args:
            mjcf: The description; objects may be added at its end.
            scene: The scene's names and goal; its state is not to be read.
        """

    def change_start(self, scene: Scene, key: EpisodeKey) -> None:
        """Change the model or the state after the initial state was set, before the waiting steps.

        Where the state stays as it is, nothing is computed anew: it would change the last bits of what follows.
        """

    def before_step(self, scene: Scene, key: EpisodeKey, step: int) -> None:
        """Change the state before an action is executed.

        Args:
            scene: The scene.
            key: The episode.
            step: Number of actions executed so far, the waiting steps not counted.
        """

    def change_frames(
        self, frames: UInt8[np.ndarray, "views height width 3"], scene: Scene, key: EpisodeKey, step: int
    ) -> UInt8[np.ndarray, "views height width 3"]:
        """Return what the policy sees in place of the cameras' images.

        Args:
            frames: The cameras' images, upside down as LIBERO gives them.
            scene: The scene.
            key: The episode.
            step: Number of actions executed so far.
        """
        return frames

    def wordings(self, instruction: str) -> tuple[str, ...]:
        """Return every text that the policy may be told in place of an instruction."""
        return (instruction,)

    def reword(self, instruction: str, key: EpisodeKey) -> str:
        """Return what the policy is told in an episode."""
        texts = self.wordings(instruction) if self.level else (instruction,)
        return texts[int(key.generator("wording").integers(len(texts)))]
