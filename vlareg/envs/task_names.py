"""The names of a suite's tasks, which are also the names of their demonstration files."""

from vlareg.envs.libero_mini.recordable import RECORDABLES, recordables_of
from vlareg.envs.libero_mini.tasks import TASKS
from vlareg.envs.libero_mini.think import THINK, THINK_SUITES
from vlareg.envs.libero_setup import import_libero
from vlareg.envs.suites import find_suite


def task_names(suite: str) -> list[str]:
    """Return the names of a suite's tasks, in order.

    Args:
        suite: One of `SUITES`.

    Raises:
        ValueError: There is no such suite.

    Example:
        >>> task_names("libero_mini")[0]
        'put_the_red_cube_on_the_plate'
    """
    find_suite(suite)
    if suite == "libero_mini":
        return list(TASKS)
    import_libero()
    from libero.libero.benchmark import get_benchmark

    names: list[str] = get_benchmark(suite)().get_task_names()
    return names


def demonstration_names(suite: str, task: int) -> list[str]:
    """Return the names of a task's demonstration files: one, or one for each sign of a category, which both think suites share.

    Args:
        suite: One of `SUITES`.
        task: The task's number.

    Raises:
        ValueError: There is no such suite or task.

    Example:
        >>> demonstration_names("libero_mini_think", 3)
        ['think_parity_even_demo.hdf5', 'think_parity_odd_demo.hdf5']
    """
    if suite in THINK_SUITES:
        return [RECORDABLES[number].file_name for number in recordables_of(THINK, (task,))]
    return [demonstration_name(suite, task)]


def demonstration_name(suite: str, task: int) -> str:
    """Return the name of a task's only demonstration file.

    Args:
        suite: One of `SUITES` whose tasks have a file each.
        task: The task's number.

    Raises:
        ValueError: There is no such suite or task.

    Example:
        >>> demonstration_name("libero_mini", 7)
        'put_the_orange_cylinder_in_the_box_demo.hdf5'
    """
    names = task_names(suite)
    if not 0 <= task < len(names):
        raise ValueError(f"`task` must be in 0..{len(names) - 1} for {suite}, but got {task}.")
    return f"{names[task]}_demo.hdf5"
