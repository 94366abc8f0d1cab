"""Decode, rotate and resize a task's frames once, and keep the result memory-mapped."""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int, UInt8

from vlareg.data.episode import Episode, TaskSource
from vlareg.data.growing_array import GrowingArray
from vlareg.files import atomic_folder, locked

FORMAT_VERSION = 3

Prepare = Callable[[UInt8[np.ndarray, "*batch height width 3"]], UInt8[np.ndarray, "*batch size size 3"]]


@dataclass(frozen=True)
class PreparedFile:
    """The transitions of one task, frames upright and at the policy's size.

    Args:
        instruction: The task in words.
        frames: Memory-mapped images.
        proprio: States before the action (m, rad, m).
        actions: Actions with LIBERO's gripper (-1 opens, +1 closes).
        episodes: Number, within the task, of the episode that a transition is from; never decreasing.
        joints: Joint positions before the action (rad), None where not every episode has them.
        name: The source, for messages.
        demonstrations: The episodes' own names, for messages.
    """

    instruction: str
    frames: UInt8[np.ndarray, "samples views size size 3"]
    proprio: Float[np.ndarray, "samples proprio_dim"]
    actions: Float[np.ndarray, "samples 7"]
    episodes: Int[np.ndarray, "samples"]
    joints: Float[np.ndarray, "samples joints"] | None = None
    name: str = ""
    demonstrations: tuple[str, ...] = ()


def prepare_file(source: TaskSource, prepare: Prepare, fingerprint: str, cache: Path) -> PreparedFile:
    """Return a task's transitions, from the cache where it has them.

    Args:
        source: The demonstrations.
        prepare: The policy's pre-processing up to its input size (`OpenVLAProcessor.prepare`).
        fingerprint: Whatever decides what `prepare` returns; another fingerprint is another entry of the cache.
        cache: Folder of the cache; entries appear there complete or not at all, and one process at a time makes an entry.

    Raises:
        ValueError: There is no demonstration, or their instructions differ.
    """
    entry = cache / _entry_name(source, fingerprint)
    if not entry.exists():
        with locked(entry.with_suffix(".lock")):
            if not entry.exists():  # another process may have made it meanwhile
                with atomic_folder(entry) as partial:
                    _write(source, prepare, partial)
    texts = json.loads((entry / "texts.json").read_text())
    with np.load(entry / "transitions.npz", allow_pickle=False) as arrays:
        return PreparedFile(
            texts["instruction"],
            np.load(entry / "frames.npy", mmap_mode="r"),
            **arrays,
            name=source.name,
            demonstrations=tuple(texts["demonstrations"]),
        )


def _entry_name(source: TaskSource, fingerprint: str) -> str:
    key = repr((FORMAT_VERSION, *source.identity, fingerprint))
    stem = re.sub(r"\W+", "_", Path(source.name).stem)[:40]
    return f"{stem}-{hashlib.sha256(key.encode()).hexdigest()[:16]}"


def _write(source: TaskSource, prepare: Prepare, folder: Path) -> None:
    rest: list[Episode] = []
    with GrowingArray(folder / "frames.npy") as frames:
        for episode in source.episodes():
            if rest and episode.instruction != rest[0].instruction:
                raise ValueError(
                    f"{episode.name}: {episode.instruction!r}, but {rest[0].name}: {rest[0].instruction!r}."
                )
            frames.append(prepare(episode.frames))
            # All frames of a large data set do not fit into memory.
            rest.append(replace(episode, frames=episode.frames[:0].copy()))
    if not rest:
        raise ValueError(f"`file`: {source.name} holds no demonstration.")
    joints = [episode.joints for episode in rest if episode.joints is not None]
    arrays = {"joints": np.concatenate(joints)} if len(joints) == len(rest) else {}
    arrays |= {
        "proprio": np.concatenate([episode.proprio for episode in rest]),
        "actions": np.concatenate([episode.actions for episode in rest]),
        "episodes": np.repeat(np.arange(len(rest)), [len(episode) for episode in rest]),
    }
    np.savez(folder / "transitions.npz", allow_pickle=False, **arrays)
    texts = {"instruction": rest[0].instruction, "demonstrations": [episode.name for episode in rest]}
    (folder / "texts.json").write_text(json.dumps(texts))
