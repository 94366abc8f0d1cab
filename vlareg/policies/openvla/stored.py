"""Weights in a checkpoint folder, read one tensor at a time."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

WEIGHTS_FILE = "model.safetensors"
INDEX_FILE = "model.safetensors.index.json"


@dataclass(frozen=True)
class StoredTensor:
    """A tensor in a file; `stored[...]` reads it, and that is what transformers does when its turn comes.

    It is read, not mapped: pages of a mapped file would stay in memory as long as any tensor of that file does.

    Args:
        file: The safetensors file.
        key: Its key there.
        shape: Its shape.
        dtype: Its number format in the file.
        start: Where its numbers begin in the file (bytes).
    """

    file: Path
    key: str
    shape: tuple[int, ...]
    dtype: torch.dtype
    start: int

    def __getitem__(self, index: Any) -> Tensor:
        """Return the tensor, or a part of it."""
        tensor = torch.empty(self.shape, dtype=self.dtype)
        with self.file.open("rb") as file:
            file.seek(self.start)
            if file.readinto(tensor.reshape(-1).view(torch.uint8).numpy().data) != tensor.nbytes:
                raise ValueError(f"{self.file} ends inside {self.key}; it changed while it was read.")
        return tensor[index]

    def is_floating_point(self) -> bool:
        """Return whether its numbers are floating-point ones."""
        return self.dtype.is_floating_point


def stored_tensors(folder: Path) -> dict[str, StoredTensor]:
    """Return every weight of a checkpoint folder by its key; the weights are not read.

    Args:
        folder: Folder with `model.safetensors`, or with several files and their index.

    Raises:
        FileNotFoundError: If there are no weights, or a file of the index is absent.
        ValueError: If a file is broken, or the index does not fit the files.
    """
    tensors: dict[str, StoredTensor] = {}
    index = _read_index(folder)
    for name in sorted(set(index.values())) or [WEIGHTS_FILE]:
        for tensor in _file_tensors(folder / name):
            if tensor.key in tensors:
                raise ValueError(f"{folder}: {tensor.key} is both in {tensors[tensor.key].file.name} and in {name}.")
            tensors[tensor.key] = tensor
    if index and (wrong := sorted(index.items() ^ {key: t.file.name for key, t in tensors.items()}.items())):
        raise ValueError(f"{folder / INDEX_FILE} does not fit the files beside it: {wrong[:5]}.")
    return tensors


def _read_index(folder: Path) -> dict[str, str]:
    whole, index = folder / WEIGHTS_FILE, folder / INDEX_FILE
    if whole.is_file() and index.is_file():
        raise ValueError(f"{folder} has {WEIGHTS_FILE} and {INDEX_FILE}, two sets of weights; remove the older one.")
    if whole.is_file():
        return {}
    if not index.is_file():
        raise FileNotFoundError(f"{folder} has no {WEIGHTS_FILE} and no {INDEX_FILE}; other formats are not read.")
    files: dict[str, str] = json.loads(index.read_text())["weight_map"]
    if absent := sorted({name for name in files.values() if not (folder / name).is_file()}):
        raise FileNotFoundError(f"{folder} lacks files that its index names: {absent}. Copy or download it again.")
    return files


def _file_tensors(file: Path) -> list[StoredTensor]:
    """Read a file's header: its length (8 bytes), then JSON."""
    try:
        with safe_open(file, framework="pt"):  # it checks that the header is right and the file complete
            pass
    except (OSError, SafetensorError) as error:
        raise ValueError(
            f"{file} cannot be read ({error}); it is truncated or not safetensors. Copy it again."
        ) from error
    with file.open("rb") as opened:
        length = int.from_bytes(opened.read(8), "little")
        header = json.loads(opened.read(length))
    return [
        StoredTensor(file, key, tuple(entry["shape"]), _dtype(entry["dtype"]), 8 + length + entry["data_offsets"][0])
        for key, entry in header.items()
        if key != "__metadata__"
    ]


def _dtype(name: str) -> torch.dtype:
    known = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}
    if name not in known:
        raise ValueError(f"Weights must be in {', '.join(known)}, but some are in {name}.")
    return known[name]
