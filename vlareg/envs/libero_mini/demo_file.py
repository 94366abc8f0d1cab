"""The demonstrations of a task, or of a sign, in one file of LIBERO's raw HDF5 schema."""

import json
from dataclasses import asdict
from pathlib import Path

import h5py

from vlareg.envs.libero_env import CAMERAS
from vlareg.envs.libero_mini.memory_file import new_hdf5
from vlareg.envs.libero_mini.parts import Recipe
from vlareg.envs.libero_mini.recordable import Recordable

PROBLEM = "Libero_Mini_Tabletop"


def count_demonstrations(file: Path, recipe: Recipe) -> int:
    """Return how many demonstrations a file holds; 0 if there is none.

    Args:
        file: The file.
        recipe: What they have to have been recorded with.

    Raises:
        ValueError: The file is damaged, is not of this recorder, or was recorded by another recipe.
    """
    if not file.exists():
        return 0
    try:
        with h5py.File(file, "r") as root:
            found = json.loads(root["data"].attrs["recipe"])
            count = len(root["data"])
    except (OSError, KeyError) as error:
        raise ValueError(
            f"`output`: {file} is damaged or not of this recorder ({error}); delete it or choose another folder."
        ) from error
    if found != asdict(recipe):
        raise ValueError(
            f"`output`: {file} was recorded with {found}, not {asdict(recipe)}; delete it or choose another folder."
        )
    return count


def append_demonstrations(file: Path, what: Recordable, recipe: Recipe, parts: dict[int, Path]) -> None:
    """Add demonstrations to a file, which changes at once or not at all.

    Args:
        file: The file; made if it is not there.
        what: What they demonstrate.
        recipe: What they were recorded with.
        parts: The demonstrations' own files by their numbers.
    """
    with new_hdf5(file) as root:
        data = root.create_group("data")
        if file.exists():
            with h5py.File(file, "r") as earlier:
                for name in earlier["data"]:
                    earlier.copy(f"data/{name}", data)
        for index, path in parts.items():
            with h5py.File(path, "r") as part:
                part.copy("demo", data, name=f"demo_{index}")
        _describe(data, what, recipe)


def _describe(data: h5py.Group, what: Recordable, recipe: Recipe) -> None:
    bddl = f"libero_mini/{what.bddl.name}"
    problem = {
        "problem_name": PROBLEM.lower(),
        "domain_name": "robosuite",
        "language_instruction": what.instruction,
    }
    keywords = {
        "robots": ["Panda"],
        "bddl_file_name": bddl,
        "camera_names": list(CAMERAS),
        "camera_heights": recipe.resolution,
        "camera_widths": recipe.resolution,
        "control_freq": 20,
    }
    environment = {
        "type": 1,
        "env_name": PROBLEM,
        "problem_name": PROBLEM.lower(),
        "bddl_file": bddl,
        "env_kwargs": keywords,
    }
    data.attrs.update(
        {
            "env_name": PROBLEM,
            "problem_info": json.dumps(problem),
            "bddl_file_name": bddl,
            "bddl_file_content": what.bddl.read_text(),
            "env_args": json.dumps(environment),
            "macros_image_convention": "opengl",
            "tag": "libero-v1",
            "num_demos": len(data),
            "total": int(sum(demo.attrs["num_samples"] for demo in data.values())),
            "recipe": json.dumps(asdict(recipe)),
        }
    )
