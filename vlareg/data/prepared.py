"""Decode, rotate and resize a file's frames once, and keep the result memory-mapped."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int, UInt8

from vlareg.data.libero_hdf5 import Episode, LiberoHDF5
from vlareg.files import atomic_folder

FORMAT_VERSION = 2

Prepare = Callable[[UInt8[np.ndarray, "*batch height width 3"]], UInt8[np.ndarray, "*batch size size 3"]]


@dataclass(frozen=True)
class PreparedFile:
    """The transitions of one demonstration file, frames upright and at the policy's size.

    Args:
        instruction: The task in words.
        frames: Memory-mapped images.
        proprio: States before the action (m, rad, m).
        actions: Actions in the file's convention.
        episodes: Number, within the file, of the episode that a transition is from; never decreasing.
        joints: Joint positions before the action (rad), None where the file has none.
    """

    instruction: str
    frames: UInt8[np.ndarray, "samples views size size 3"]
    proprio: Float[np.ndarray, "samples 8"]
    actions: Float[np.ndarray, "samples 7"]
    episodes: Int[np.ndarray, "samples"]
    joints: Float[np.ndarray, "samples joints"] | None = None


def prepare_file(source: LiberoHDF5, prepare: Prepare, fingerprint: str, cache: Path) -> PreparedFile:
    """Return a file's transitions, from the cache where it has them.

    Args:
        source: The demonstrations.
        prepare: The policy's pre-processing up to its input size (`OpenVLAProcessor.prepare`).
        fingerprint: Whatever decides what `prepare` returns; another fingerprint is another entry of the cache.
        cache: Folder of the cache; entries appear there complete or not at all.
    """
    entry = cache / _entry_name(source, fingerprint)
    if not entry.exists():
        with atomic_folder(entry) as partial:
            _write(source, prepare, partial)
    with np.load(entry / "transitions.npz", allow_pickle=False) as arrays:
        instruction = json.loads((entry / "instruction.json").read_text())
        return PreparedFile(instruction, np.load(entry / "frames.npy", mmap_mode="r"), **arrays)


def _entry_name(source: LiberoHDF5, fingerprint: str) -> str:
    stat = source.file.stat()
    parts = (FORMAT_VERSION, source.file.resolve(), stat.st_size, stat.st_mtime_ns, source.views, source.action_key)
    key = repr((*parts, source.observed_after_action, fingerprint))
    return f"{source.file.stem[:40]}-{hashlib.sha256(key.encode()).hexdigest()[:16]}"


def _write(source: LiberoHDF5, prepare: Prepare, folder: Path) -> None:
    episodes = [(prepare(episode.frames), episode) for episode in source.episodes()]
    if not episodes:
        raise ValueError(f"`file`: {source.file} holds no demonstration.")
    rest: list[Episode] = [episode for _, episode in episodes]
    np.save(folder / "frames.npy", np.concatenate([frames for frames, _ in episodes]))
    joints = [episode.joints for episode in rest if episode.joints is not None]
    arrays = {"joints": np.concatenate(joints)} if len(joints) == len(rest) else {}
    arrays |= {
        "proprio": np.concatenate([episode.proprio for episode in rest]),
        "actions": np.concatenate([episode.actions for episode in rest]),
        "episodes": np.repeat(np.arange(len(rest)), [len(episode) for episode in rest]),
    }
    np.savez(folder / "transitions.npz", allow_pickle=False, **arrays)
    (folder / "instruction.json").write_text(json.dumps(rest[0].instruction))
