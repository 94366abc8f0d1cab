"""Pictures with a class each: what a linear probe is asked to tell apart."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Int, UInt8
from PIL import Image, UnidentifiedImageError
from torch import Tensor
from torchvision.datasets.folder import IMG_EXTENSIONS

LEAST = 4
"""Fewest pictures of a class, two to learn from and two to be asked about."""


@dataclass(frozen=True)
class ImageSet:
    """Pictures with a class each.

    Args:
        name: What the set is called.
        classes: Names of the classes.
        labels: Class of each picture, an index into `classes`.
        read: Gives picture i (RGB, 0-255).
    """

    name: str
    classes: tuple[str, ...]
    labels: Int[Tensor, "pictures"]
    read: Callable[[int], UInt8[np.ndarray, "height width 3"]]

    def __len__(self) -> int:
        return len(self.labels)


def image_folder(root: str | Path, pictures: int, seed: int = 0) -> ImageSet:
    """Return the pictures of a folder with one folder a class, as torchvision's `ImageFolder` lays it out.

    Args:
        root: Folder of folders, `root/class/picture.png`; folders below those count, too.
        pictures: Upper limit for the number of pictures; as many of each class.
        seed: Decides which pictures of a class are taken where there are more.

    Raises:
        FileNotFoundError: If there is no such folder.
        ValueError: If there are not at least two classes with 4 pictures each.
    """
    root = Path(root)
    if not root.is_dir():
        raise FileNotFoundError(f"`images` must be folders with one folder a class, but {str(root)!r} is no folder.")
    found = {folder.name: _pictures(folder) for folder in sorted(root.iterdir()) if folder.is_dir()}
    found = {name: files for name, files in found.items() if files}
    per_class = _check(root, found, pictures)
    rng = np.random.default_rng(seed)
    chosen = [sorted(rng.choice(len(files), min(per_class, len(files)), replace=False)) for files in found.values()]
    files = [files[i] for files, places in zip(found.values(), chosen, strict=True) for i in places]
    labels = torch.repeat_interleave(torch.arange(len(chosen)), torch.tensor([len(places) for places in chosen]))
    return ImageSet(root.name, tuple(found), labels, lambda i: _read(files[i]))


def _pictures(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.suffix.lower() in IMG_EXTENSIONS)


def _check(root: Path, found: dict[str, list[Path]], pictures: int) -> int:
    """Return how many pictures of a class there may be."""
    if len(found) < 2:
        raise ValueError(f"`images`: {root} has {len(found)} class(es) with pictures ({[*found]}), but needs two.")
    name, files = min(found.items(), key=lambda item: len(item[1]))
    if len(files) < LEAST:
        raise ValueError(f"`images`: {root / name} has {len(files)} picture(s), but a class needs at least {LEAST}.")
    if pictures // len(found) < LEAST:
        raise ValueError(
            f"`pictures` must be >= {LEAST * len(found)} for the {len(found)} classes, but got {pictures}."
        )
    return pictures // len(found)


def _read(file: Path) -> UInt8[np.ndarray, "height width 3"]:
    try:
        with Image.open(file) as picture:
            return np.asarray(picture.convert("RGB"))
    except (UnidentifiedImageError, OSError) as error:
        raise ValueError(f"`images`: {file} cannot be read as a picture ({error}).") from error
