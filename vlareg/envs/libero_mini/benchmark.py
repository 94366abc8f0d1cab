"""Register the suite with LIBERO, as LIBERO registers its own."""

import vlareg.envs.prepared_libero  # noqa: F401  # before LIBERO and robosuite

# isort: split
import numpy as np
from jaxtyping import Float
from libero.libero.benchmark import Benchmark, Task, register_benchmark

from vlareg.envs.init_states import read_init_states
from vlareg.envs.libero_mini import problem  # noqa: F401  # registers the problem class
from vlareg.envs.libero_mini.tasks import TASKS, bddl_file, init_states_file
from vlareg.envs.libero_mini.think import CATEGORIES, think_bddl_file, think_init_states_file


class LIBERO_MINI(Benchmark):  # type: ignore[misc]  # LIBERO's way of naming benchmarks
    """`benchmark.get_benchmark("libero_mini")`.

    LIBERO's tools join `problem_folder` to the folder of their own BDDL and init files; it is an absolute path here, so
    that the join gives this package's files.

    Args:
        task_order_index: Has to be 0: the suite has one order.
    """

    def __init__(self, task_order_index: int = 0) -> None:
        super().__init__(task_order_index=task_order_index)
        if task_order_index != 0:
            raise ValueError(f"`task_order_index` must be 0 for libero_mini, but got {task_order_index}.")
        self.name = "libero_mini"
        self.tasks = [_task(index) for index in range(len(TASKS))]
        self.n_tasks = len(self.tasks)

    def get_task_bddl_file_path(self, i: int) -> str:
        """Return the path of a task's BDDL."""
        return str(bddl_file(i))

    def get_task_init_states(self, i: int) -> Float[np.ndarray, "episodes state"]:
        """Return a task's stored initial states [episodes, state]."""
        return read_init_states(init_states_file(i))

    def get_task_demonstration(self, i: int) -> str:
        """Return the path of a task's demonstrations, relative to LIBERO's folder of data sets."""
        return f"libero_mini/{TASKS[i]}_demo.hdf5"


def _task(index: int) -> Task:
    return Task(
        name=TASKS[index],
        language=TASKS[index].replace("_", " "),
        problem="Libero",
        problem_folder=str(bddl_file(index).parent),
        bddl_file=bddl_file(index).name,
        init_states_file=init_states_file(index).name,
    )


class LIBERO_MINI_THINK(Benchmark):  # type: ignore[misc]
    """`benchmark.get_benchmark("libero_mini_think")`: a task for each category of signs.

    Each episode has an instruction of its own, so that `language` is empty; `vlareg.envs.LiberoEnv` knows it.

    Args:
        task_order_index: Has to be 0: the suite has one order.
    """

    def __init__(self, task_order_index: int = 0) -> None:
        super().__init__(task_order_index=task_order_index)
        self.name = type(self).__name__.lower()
        if task_order_index != 0:
            raise ValueError(f"`task_order_index` must be 0 for {self.name}, but got {task_order_index}.")
        bddl, states = think_bddl_file(self.name), think_init_states_file()
        files = {"problem_folder": str(bddl.parent), "bddl_file": bddl.name, "init_states_file": states.name}
        self.tasks = [Task(f"think_{category}", language="", problem="Libero", **files) for category in CATEGORIES]
        self.n_tasks = len(self.tasks)

    def get_task_bddl_file_path(self, i: int) -> str:
        """Return the path of a task's BDDL."""
        return str(think_bddl_file(self.name))

    def get_task_init_states(self, i: int) -> Float[np.ndarray, "episodes state"]:
        """Return a task's stored initial states [episodes, state]."""
        return read_init_states(think_init_states_file())


class LIBERO_MINI_THINK_ANY(LIBERO_MINI_THINK):
    """`benchmark.get_benchmark("libero_mini_think_any")`: the same episodes, and any board will do."""


for _benchmark in (LIBERO_MINI, LIBERO_MINI_THINK, LIBERO_MINI_THINK_ANY):
    register_benchmark(_benchmark)
