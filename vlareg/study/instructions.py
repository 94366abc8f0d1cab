"""The instructions of all suites."""

import contextlib
import io
import re

from vlareg.envs.libero_mini.think import THINK_SUITES
from vlareg.envs.suites import SUITES
from vlareg.envs.task_names import task_names


def all_instructions() -> list[str]:
    """Return the different instructions of `libero_mini` and of LIBERO's own suites, in the suites' order.

    Example:
        >>> len(all_instructions()), all_instructions()[-1]
        (122, 'pick up the book on the right and place it under the cabinet shelf')
    """
    with contextlib.redirect_stdout(io.StringIO()):  # LIBERO reports the order of its tasks
        suites = [suite for suite in SUITES if suite not in THINK_SUITES]  # whose tasks have an instruction each
        names = [name for suite in suites for name in task_names(suite)]
    return list(dict.fromkeys(map(_in_words, names)))


def _in_words(name: str) -> str:
    """Return the instruction in a task's name, which in some suites begins with the scene."""
    return re.sub(r"^[A-Z_]+SCENE\d+_", "", name).replace("_", " ")
