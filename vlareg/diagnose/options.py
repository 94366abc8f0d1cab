"""How a diagnosis is made."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Options:
    """How a diagnosis is made.

    Args:
        base: The checkpoint before fine-tuning, which drift is measured from; the first checkpoint by default. It is
            drawn first.
        pictures: Upper limit for the pictures of a probe, half of them to learn from; multiples of 60 make the categories of
            the built-in concepts equally large.
        scenes: Tabletops for attention and embeddings of the words for an object.
        frames: Upper limit for the number of held-out frames.
        k: Neighbours of CKNNA.
        halvings: Divisions of the episodes into halves behind intervals.
        tsne: Draw t-SNE beside principal components (`pip install vlareg[diagnose]`).
        seed: Seed of the untrained weights, the pictures, their splits, the scenes and t-SNE.

    Raises:
        ValueError: If a number is too small.
    """

    base: Path | None = None
    pictures: int = 240
    scenes: int = 96
    frames: int = 192
    k: int = 10
    halvings: int = 20
    tsne: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse numbers that mean nothing."""
        for name, least in {"scenes": 16, "frames": 1, "k": 2, "halvings": 1, "seed": 0}.items():
            if getattr(self, name) < least:
                raise ValueError(f"`{name}` must be >= {least}, but got {getattr(self, name)}.")
