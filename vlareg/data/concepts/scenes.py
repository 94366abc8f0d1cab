"""Scenes rendered by several processes and stored in shards, so that an interrupted run goes on where it stopped."""

import json
import multiprocessing
import os
import zlib
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from tqdm import tqdm

from vlareg.data.concepts.cameras import CAMERAS, SIZE
from vlareg.data.concepts.facts import Scenes
from vlareg.data.concepts.scene import render_scene
from vlareg.envs.libero_mini.tasks import FOLDER
from vlareg.files import atomic_file, cache_folder, locked

FORMAT_VERSION = 3
"""Grows with every change of what a seed gives or how it is stored."""
SHARD = 250
"""Scenes a worker renders before it stores them."""


def render_scenes(
    count: int, seed: int = 0, workers: int = 2, *, signs: int | None = None, output: str | Path | None = None
) -> Scenes:
    """Render scenes, or continue where an interrupted call stopped, and load them; one process at a time renders into a folder.

    Args:
        count: Number of tabletop scenes.
        seed: Scene i depends on the seed and i alone.
        workers: Number of processes.
        signs: Number of scenes with a sign board, which stand behind the others; by default half of `count`.
        output: Folder for the result; by default one in the user's cache.

    Returns:
        Arrays with one row a scene: `frames` (uint8, [views height width 3], upright, memory-mapped) and what is true,
        which `vlareg.data.concepts.facts.facts` reads.

    Raises:
        ValueError: A number is out of range, or `output` holds scenes of other settings.
    """
    signs = count // 2 if signs is None else signs
    if min(count, signs) < 0 or count + signs == 0 or workers < 1:
        raise ValueError(f"`count` and `signs` must be >= 0, `workers` >= 1, but got {count}, {signs} and {workers}.")
    settings = {"version": FORMAT_VERSION, "count": count, "signs": signs, "seed": seed, "assets": _assets_checksum()}
    folder = Path(output) if output else cache_folder("scenes") / "-".join(map(str, settings.values()))
    if not _complete(folder, settings):
        with locked(folder / ".lock"):
            _prepare(folder, settings)
            _render_missing(folder, settings, workers)
    return load_scenes(folder)


def load_scenes(folder: str | Path) -> Scenes:
    """Load what `render_scenes` stored; the frames stay on the disk, memory-mapped.

    Raises:
        FileNotFoundError: The folder has no scenes, or rendering was interrupted; the message says how to go on.
    """
    folder = Path(folder)
    if not (folder / "settings.json").exists():
        raise FileNotFoundError(f"`folder`: {folder} has no scenes; make them with `python -m vlareg.data.concepts`.")
    settings = json.loads((folder / "settings.json").read_text())
    shards = [_labels(folder, start) for start in range(0, settings["count"] + settings["signs"], SHARD)]
    if missing := [shard.name for shard in shards if not shard.exists()]:
        raise FileNotFoundError(f"`folder`: {folder} lacks {missing[0]}; run `python -m vlareg.data.concepts` again.")
    rows = [dict(np.load(shard, allow_pickle=False)) for shard in shards]
    arrays = {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}
    return {"frames": np.load(folder / "frames.npy", mmap_mode="r"), **arrays}


def _complete(folder: Path, settings: dict[str, int]) -> bool:
    file = folder / "settings.json"
    return file.exists() and json.loads(file.read_text()) == settings and not _missing(folder, settings)


def _missing(folder: Path, settings: dict[str, int]) -> list[int]:
    """Return the first scenes of the shards that are still to be rendered."""
    starts = range(0, settings["count"] + settings["signs"], SHARD)
    return [start for start in starts if not _labels(folder, start).exists()]


def _render_missing(folder: Path, settings: dict[str, int], workers: int) -> None:
    total, todo = settings["count"] + settings["signs"], _missing(folder, settings)
    if not todo:
        return
    with (
        tqdm(total=total, initial=SHARD * (len(range(0, total, SHARD)) - len(todo)), unit=" scenes") as bar,
        _one_thread_each(),
        ProcessPoolExecutor(min(workers, len(todo)), multiprocessing.get_context("spawn")) as pool,
    ):
        for future in as_completed([pool.submit(_render_shard, folder, start, settings) for start in todo]):
            bar.update(future.result())


def _assets_checksum() -> int:
    """Tell scenes of another version of the suite's objects, lamp and cameras apart."""
    return zlib.crc32(b"".join(file.read_bytes() for file in sorted((FOLDER / "assets").glob("*.xml"))))


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Let processes that start now compute and rasterise with one thread: more would wait for one another."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "LP_NUM_THREADS")
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


def _prepare(folder: Path, settings: dict[str, int]) -> None:
    """Write the settings and a file of frames that is empty as yet, or check that they fit."""
    file = folder / "settings.json"
    if file.exists():
        if (found := json.loads(file.read_text())) != settings:
            raise ValueError(f"`output`: {folder} holds scenes of {found}, not of {settings}; choose another folder.")
        return
    shape = (settings["count"] + settings["signs"], len(CAMERAS), SIZE, SIZE, 3)
    with atomic_file(folder / "frames.npy") as path:
        np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=shape).flush()
    with atomic_file(file) as path:
        path.write_text(json.dumps(settings))


def _labels(folder: Path, start: int) -> Path:
    return folder / f"labels-{start // SHARD:05d}.npz"


def _render_shard(folder: Path, start: int, settings: dict[str, int]) -> int:
    """Write a shard's frames, then its labels: a shard with labels is complete. Return its number of scenes."""
    total = settings["count"] + settings["signs"]
    indices = range(start, min(start + SHARD, total))
    rows = [render_scene((settings["seed"], i), with_sign=i >= settings["count"]) for i in indices]
    arrays = {name: np.stack([row[name] for row in rows]) for name in rows[0]}
    frames = arrays.pop("frames")
    with (folder / "frames.npy").open("r+b") as file:
        file.seek((start - total) * frames[0].nbytes, os.SEEK_END)
        file.write(frames.tobytes())
        file.flush()
        os.fsync(file.fileno())
    with atomic_file(_labels(folder, start)) as path:
        np.savez(path, allow_pickle=False, **arrays)
    return len(indices)
