"""The policies of an analysis: the given checkpoints, and the untrained one that they are compared with."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from vlareg.evaluation.policy import choose_numerics, load_model, read_config
from vlareg.policies.openvla import OpenVLAForActionPrediction

RANDOM_NAME = "random weights"

TRAINED_NAME = "policy"
"""The folder into which a training writes its policy; the run's own folder has the better name."""


@dataclass(frozen=True)
class Subject:
    """A policy.

    Args:
        name: What it is called in figures and tables.
        folder: The checkpoint.
        random_seed: Seed of untrained weights of the checkpoint's shape; None for the checkpoint's own.
    """

    name: str
    folder: Path
    random_seed: int | None = None

    def load(self) -> OpenVLAForActionPrediction:
        """Return the policy in evaluation mode and float32, on a GPU where there is one, else on one thread."""
        policy = load_model(self.folder, *choose_numerics("float32"), self.random_seed)
        policy.train(False)
        return policy


def list_subjects(checkpoints: Sequence[str | Path], seed: int = 0) -> list[Subject]:
    """Return the untrained policy of the first checkpoint's shape, then the checkpoints.

    Args:
        checkpoints: Folders; the first one is the start that the others are compared with.
        seed: Seed of the untrained weights.

    Raises:
        ValueError: If there is none, or one is given twice.
        FileNotFoundError: If a folder is no checkpoint.
    """
    folders = [Path(folder) for folder in checkpoints]
    if not folders or len({folder.resolve() for folder in folders}) != len(folders):
        raise ValueError(f"`checkpoints` must be one or more different folders, but got {[*map(str, folders)]}.")
    for folder in folders:
        read_config(folder)
    given = [Subject(name, folder) for name, folder in zip(short_names(folders), folders, strict=True)]
    return [Subject(RANDOM_NAME, folders[0], seed), *given]


def short_names(folders: Sequence[Path]) -> list[str]:
    """Name checkpoints by their folders, or by the whole path where that is not enough.

    Args:
        folders: Different folders.

    Example:
        >>> short_names([Path("checkpoints/openvla-mini"), Path("outputs/train/policy")])
        ['openvla-mini', 'train']
    """
    paths = [folder.resolve() for folder in folders]
    names = [path.parent.name if path.name == TRAINED_NAME else path.name for path in paths]
    count = Counter([RANDOM_NAME, *names])
    return [name if count[name] == 1 else str(folder) for name, folder in zip(names, folders, strict=True)]
