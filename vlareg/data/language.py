"""Instructions from where data sets keep them."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vlareg.data.conventions import LanguageSource


def read_instruction(
    source: LanguageSource, file: Path, attributes: Mapping[str, Any], bddl_folder: Path | None
) -> str:
    """Return the task of a demonstration file in words.

    Args:
        source: Where the instruction is.
        file: The demonstration file.
        attributes: Attributes of the file's group of demonstrations.
        bddl_folder: Folder with `{task}.bddl`; None is the file's own.

    Raises:
        ValueError: There is no instruction there.
    """
    if source == "tasks_table":
        raise ValueError(f"`language`: {file} is no LeRobot data set, so it has no table of tasks.")
    if source == "bddl":
        return bddl_instruction((bddl_folder or file.parent) / f"{task_name(file)}.bddl")
    if source == "attribute" and "problem_info" in attributes:
        return one_line(json.loads(attributes["problem_info"])["language_instruction"])
    return file_name_instruction(file)


def one_line(text: str) -> str:
    """Return a text with single spaces only."""
    return " ".join(text.split())


def task_name(file: Path) -> str:
    """Return the name of the task that a file `{task}_demo.hdf5` is of."""
    return file.stem.removesuffix("_demo")


def file_name_instruction(file: Path) -> str:
    """Return the words of a file's name, without the scene that LIBERO-10's and LIBERO-90's names begin with.

    Args:
        file: A file `{task}_demo.hdf5`.

    Example:
        >>> file_name_instruction(Path("KITCHEN_SCENE10_close_the_top_drawer_of_the_cabinet_demo.hdf5"))
        'close the top drawer of the cabinet'
    """
    return re.sub(r"^([A-Z]+_)+SCENE\d+_", "", task_name(file)).replace("_", " ")


def bddl_instruction(file: Path) -> str:
    """Return the instruction in a BDDL file.

    Args:
        file: The task's definition.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It has no `(:language …)`.
    """
    if not file.exists():
        raise FileNotFoundError(f"`bddl_folder`: {file} does not exist.")
    found = re.search(r"\(:language\s+([^()]+)\)", file.read_text())
    if found is None:
        raise ValueError(f"{file} has no `(:language …)`.")
    return one_line(found[1])
