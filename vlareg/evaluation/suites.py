"""LIBERO's suites, as roll-outs need them."""

import hashlib
import re
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from vlareg.envs import SUITES, LiberoEnv
from vlareg.envs.init_states import read_init_states
from vlareg.envs.libero_env import CAMERAS
from vlareg.envs.libero_mini.think import episode_instructions, other_episode
from vlareg.envs.libero_setup import import_libero, require_assets
from vlareg.envs.perturbations import Perturbation
from vlareg.envs.suites import find_suite
from vlareg.evaluation.plan import TaskFacts

_START = (":fixtures", ":objects", ":init", ":regions")  # the sections of a BDDL file that say how an episode starts


@dataclass(frozen=True)
class LiberoTasks:
    """Make the environments of a suite's tasks.

    Args:
        suite: Name of the suite.
        resolution: Width and height of an image (pixels).
        cameras: Cameras to render.
        seed: The environments' seed; it changes where fixtures stand, and what the perturbation draws.
        perturbation: What is changed about the episodes; None for nothing.
        max_steps: After how many actions an episode ends (environment steps); None for the suite's own limit.
    """

    suite: str
    resolution: int = 128
    cameras: tuple[str, ...] = CAMERAS
    seed: int = 0
    perturbation: Perturbation | None = None
    max_steps: int | None = None

    def __call__(self, task: int) -> LiberoEnv:
        """Return the environment of a task."""
        environment = LiberoEnv(
            self.suite,
            task,
            resolution=self.resolution,
            cameras=self.cameras,
            seed=self.seed,
            perturbation=self.perturbation,
        )
        environment.max_steps = self.max_steps or environment.max_steps
        return environment


def suite_facts(suite: str) -> list[TaskFacts]:
    """Look up a suite's tasks: instructions, initial states, and who shares a scene.

    The partner of a task is the next one, in a circle, among those that start in the same scene.

    Args:
        suite: Name of the suite.

    Raises:
        ValueError: If there is no such suite.
        FileNotFoundError: If the suite's assets are not on this machine.
    """
    tasks = _tasks(suite)
    require_assets(suite)
    starts = [_start(task.bddl.read_text()) for task in tasks]
    return [_facts(suite, number, task, _next_alike(starts, number)) for number, task in enumerate(tasks)]


def suite_digest(suite: str) -> str:
    """Return a hash of a suite's BDDL files and initial states; LIBERO's configuration says which these are.

    Args:
        suite: Name of the suite.

    Raises:
        ValueError: If there is no such suite.
    """
    digest = hashlib.sha256()
    for task in _tasks(suite):
        for file in (task.bddl, task.init_states):
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:16]


@dataclass(frozen=True)
class _Task:
    instruction: str
    bddl: Path
    init_states: Path


def _tasks(suite: str) -> list[_Task]:
    find_suite(suite)
    import_libero()
    from libero.libero import get_libero_path
    from libero.libero.benchmark import get_benchmark

    with redirect_stdout(StringIO()):  # LIBERO prints in which order its tasks are
        benchmark = get_benchmark(suite)()
    states, numbers = Path(get_libero_path("init_states")), range(SUITES[suite].num_tasks)
    tasks = [(benchmark.get_task(number), Path(benchmark.get_task_bddl_file_path(number))) for number in numbers]
    return [_Task(task.language, bddl, states / task.problem_folder / task.init_states_file) for task, bddl in tasks]


def _facts(suite: str, number: int, task: _Task, partner: int | None) -> TaskFacts:
    count = len(read_init_states(task.init_states))
    told = episode_instructions(suite, number, count)
    others = tuple(told[other_episode(init_index)] for init_index in range(len(told)))
    return TaskFacts(task.instruction, count, None if told else partner, told, others)


def _next_alike(starts: list[list[str]], number: int) -> int | None:
    others = [*range(number + 1, len(starts)), *range(number)]
    return next((other for other in others if starts[other] == starts[number]), None)


def _start(bddl: str) -> list[str]:
    """Return the sections that say how an episode starts, as words."""
    words = re.findall(r"[()]|[^\s()]+", bddl)
    return [word for name in _START for word in _section(words, name)]


def _section(words: list[str], name: str) -> list[str]:
    start = words.index(name)
    depth, end = 1, start
    while depth:
        end += 1
        depth += {"(": 1, ")": -1}.get(words[end], 0)
    return words[start:end]
