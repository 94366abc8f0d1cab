"""One recorded episode as a file of its own, written by a worker process."""

import json
import os
import signal
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import h5py

from vlareg.envs.libero_env import LiberoEnv
from vlareg.envs.libero_mini.memory_file import new_hdf5
from vlareg.envs.libero_mini.recordable import RECORDABLES, Recordable
from vlareg.envs.libero_mini.recording import record
from vlareg.envs.libero_mini.think import Boards


@dataclass(frozen=True)
class Recipe:
    """What a demonstration depends on, beside what it shows and its number.

    Args:
        seed: The recording's seed (>= 0).
        noise: Standard deviation of the noise on the executed translations (in units of the action, >= 0).
        resolution: Width and height of the images (pixels, > 0).
    """

    seed: int
    noise: float
    resolution: int

    def __post_init__(self) -> None:
        for name, value, least in (
            ("seed", self.seed, 0),
            ("noise", self.noise, 0),
            ("resolution", self.resolution, 1),
        ):
            if not value >= least:
                raise ValueError(f"`{name}` must be >= {least}, but got {value}.")


_environment: tuple[tuple[str, int, int], LiberoEnv] | None = None


def quiet_worker() -> None:
    """Make a worker process use one thread, for there is one worker a core, and leave Ctrl-C to its parent."""
    os.environ.update(OMP_NUM_THREADS="1", LP_NUM_THREADS="0")
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def record_part(number: int, index: int, recipe: Recipe, target: Path) -> int:
    """Record demonstration `index` into a file of its own.

    Args:
        number: Number in `RECORDABLES` of what is demonstrated.
        index: Number of the demonstration.
        recipe: What else it depends on.
        target: The file; it appears complete or not at all.

    Returns:
        How many episodes it took until one succeeded.
    """
    what = RECORDABLES[number]
    recording = record(_env(what, recipe.resolution), what, recipe.seed, index, recipe.noise)
    with new_hdf5(target) as file:
        demo = file.create_group("demo")
        demo.attrs["num_samples"] = len(recording.arrays["actions"])
        demo.attrs["init_state"] = recording.init_state
        demo.attrs["model_file"] = recording.model
        if recording.boards is not None:
            demo.attrs["boards"] = _json(recording.boards)
        for name, array in recording.arrays.items():
            packing = {"compression": "gzip", "compression_opts": 2, "chunks": (min(8, len(array)), *array.shape[1:])}
            demo.create_dataset(name, data=array, **(packing if array.ndim == 4 else {}))
        file.attrs.update(asdict(recipe))
    return recording.attempts


def drop_foreign_parts(folder: Path, recipe: Recipe) -> None:
    """Delete parts that another recipe made or that cannot be read."""
    for part in folder.glob("*.hdf5"):
        if _recipe(part) != asdict(recipe):
            part.unlink()


def _recipe(part: Path) -> dict[str, Any]:
    try:
        with h5py.File(part, "r") as file:
            return dict(file.attrs)
    except OSError:
        return {}


def _json(boards: Boards) -> str:
    return json.dumps({**asdict(boards), "places": boards.places.tolist()})


def _env(what: Recordable, resolution: int) -> LiberoEnv:
    global _environment
    wanted = (what.suite, what.task, resolution)
    if _environment is None or _environment[0] != wanted:
        if _environment is not None:
            _environment[1].close()
        _environment = (wanted, LiberoEnv(what.suite, what.task, resolution=resolution))
    return _environment[1]
