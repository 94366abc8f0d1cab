"""Record demonstrations of the scripted expert in LIBERO's raw HDF5 schema.

    python -m vlareg.data.demonstrations --suite libero_mini --tasks 6 7 8 9 --episodes 30 --output DIR

makes `DIR/{task}_demo.hdf5`. What is there already is not recorded again; an interrupted recording goes on where it was.
Beside LIBERO's data sets each demonstration has `expert_actions`: the labels without the noise that was executed.
"""

import argparse
import json
import os
import shutil
import sys
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path

import h5py
from tqdm import tqdm

from vlareg.envs.libero_mini.parts import Recipe, quiet_worker, record_part
from vlareg.envs.libero_mini.tasks import TASKS, bddl_file
from vlareg.files import atomic_file

DEFAULT_NOISE = 0.25
"""Standard deviation of the noise on the executed translations (in units of the action)."""


class RecordingError(RuntimeError):
    """A recording cannot go on; the message says why and what to do."""


def record_demonstrations(
    output: str | Path,
    tasks: tuple[int, ...],
    episodes: int,
    *,
    recipe: Recipe | None = None,
    workers: int | None = None,
    progress: bool = True,
) -> list[Path]:
    """Record successful episodes of tasks of `libero_mini`, one file a task.

    Demonstration i of a task depends on the recipe, the task and i alone.

    Args:
        output: Folder of the files.
        tasks: Numbers of the tasks.
        episodes: Demonstrations of a task (> 0).
        recipe: Seed, noise and resolution; by default 0, `DEFAULT_NOISE` and 128 pixels.
        workers: Processes; by default one a core.
        progress: Whether to show a bar.

    Returns:
        The files, in the order of the tasks.

    Raises:
        ValueError: An argument is out of range, or a file is there that was recorded by another recipe.
        RecordingError: The disk is full or a worker crashed; what was recorded is kept.
    """
    recipe = recipe or Recipe(seed=0, noise=DEFAULT_NOISE, resolution=128)
    _check(tasks, episodes, recipe)
    files = {task: Path(output) / f"{TASKS[task]}_demo.hdf5" for task in tasks}
    missing = {task: [i for i in range(_recorded(file, recipe), episodes)] for task, file in files.items()}
    jobs = [(task, i, _part(files[task], i)) for task in tasks for i in missing[task]]
    for task in tasks:
        _drop_foreign_parts(files[task], recipe)
    try:
        _run([job for job in jobs if not job[2].exists()], recipe, workers or os.cpu_count() or 1, progress, len(jobs))
        for task in tasks:
            if missing[task]:
                _merge(files[task], task, recipe, missing[task])
    except OSError as error:
        raise RecordingError(f"`output`: cannot write to {output} ({error}). What was recorded is kept; make room and run again.") from error
    return list(files.values())


def _check(tasks: tuple[int, ...], episodes: int, recipe: Recipe) -> None:
    wrong = [task for task in tasks if not 0 <= task < len(TASKS)]
    if wrong or len(set(tasks)) != len(tasks) or not tasks:
        raise ValueError(f"`tasks` must be different numbers in 0..{len(TASKS) - 1}, but got {list(tasks)}.")
    for name, value, least in (("episodes", episodes, 1), ("resolution", recipe.resolution, 1), ("noise", recipe.noise, 0), ("seed", recipe.seed, 0)):
        if value < least:
            raise ValueError(f"`{name}` must be >= {least}, but got {value}.")


def _recorded(file: Path, recipe: Recipe) -> int:
    """Return how many demonstrations a finished file holds."""
    if not file.exists():
        return 0
    try:
        with h5py.File(file, "r") as root:
            there = json.loads(root["data"].attrs["recipe"])
            count = len(root["data"])
    except (OSError, KeyError) as error:
        raise ValueError(f"`output`: {file} is not a file of this recorder ({error}); move it away or choose another folder.") from error
    if there != asdict(recipe):
        raise ValueError(f"`output`: {file} was recorded with {there}, not with {asdict(recipe)}; choose another folder or delete it.")
    return count


def _part(file: Path, index: int) -> Path:
    return file.parent / ".parts" / file.stem / f"{index}.hdf5"


def _drop_foreign_parts(file: Path, recipe: Recipe) -> None:
    for part in _part(file, 0).parent.glob("*.hdf5"):
        with h5py.File(part, "r") as root:
            same = {key: root.attrs.get(key) for key in asdict(recipe)} == asdict(recipe)
        if not same:
            part.unlink()


def _run(jobs: list[tuple[int, int, Path]], recipe: Recipe, workers: int, progress: bool, total: int) -> None:
    if not jobs:
        return
    context = get_context("spawn")  # a fork after EGL's initialisation crashes
    bar = tqdm(total=total, initial=total - len(jobs), desc="demonstrations", unit="episode", disable=not progress)
    with bar, ProcessPoolExecutor(min(workers, len(jobs)), mp_context=context, initializer=quiet_worker) as pool:
        futures = [pool.submit(record_part, task, index, recipe, target) for task, index, target in jobs]
        try:
            _wait(futures, bar)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _wait(futures: "list[Future[int]]", bar: "tqdm[None]") -> None:
    attempts = 0
    for done, future in enumerate(as_completed(futures), start=1):
        try:
            attempts += future.result()
        except BrokenProcessPool as error:
            raise RecordingError("a worker process ended abruptly (out of memory?); what was recorded is kept, run again.") from error
        bar.set_postfix_str(f"expert succeeds {done / attempts:.0%}")
        bar.update()


def _merge(file: Path, task: int, recipe: Recipe, new: list[int]) -> None:
    """Make the task's file out of the earlier one and the new parts, then delete the parts."""
    with atomic_file(file) as partial, h5py.File(partial, "w") as root:
        data = root.create_group("data")
        if file.exists():
            with h5py.File(file, "r") as earlier:
                for name in earlier["data"]:
                    earlier.copy(f"data/{name}", data)
        for index in new:
            with h5py.File(_part(file, index), "r") as part:
                part.copy("demo", data, name=f"demo_{index}")
        _describe(data, task, recipe)
    shutil.rmtree(_part(file, 0).parent)
    if not any(_part(file, 0).parent.parent.iterdir()):
        _part(file, 0).parent.parent.rmdir()


def _describe(data: h5py.Group, task: int, recipe: Recipe) -> None:
    """Write LIBERO's attributes, and the recipe."""
    instruction, problem, bddl = TASKS[task].replace("_", " "), "libero_mini_tabletop", f"libero_mini/{bddl_file(task).name}"
    views = {"camera_names": ["robot0_eye_in_hand", "agentview"], "camera_heights": recipe.resolution, "camera_widths": recipe.resolution}
    kwargs = {"robots": ["Panda"], "bddl_file_name": bddl, "control_freq": 20, "use_camera_obs": True, "camera_depths": False, **views}
    data.attrs["env_name"] = "Libero_Mini_Tabletop"
    data.attrs["problem_info"] = json.dumps({"problem_name": problem, "domain_name": "robosuite", "language_instruction": instruction})
    data.attrs["bddl_file_name"] = bddl
    data.attrs["bddl_file_content"] = bddl_file(task).read_text()
    data.attrs["env_args"] = json.dumps(
        {"type": 1, "env_name": "Libero_Mini_Tabletop", "problem_name": problem, "bddl_file": bddl, "env_kwargs": kwargs}
    )
    data.attrs["macros_image_convention"] = "opengl"
    data.attrs["tag"] = "libero-v1"
    data.attrs["num_demos"] = len(data)
    data.attrs["total"] = int(sum(demo.attrs["num_samples"] for demo in data.values()))
    data.attrs["recipe"] = json.dumps(asdict(recipe))


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m vlareg.data.demonstrations", description="Record demonstrations of the scripted expert.")
    parser.add_argument("--suite", choices=["libero_mini"], default="libero_mini", help="the suite with a scripted expert")
    parser.add_argument("--tasks", type=int, nargs="+", default=list(range(len(TASKS))), help="numbers of the tasks")
    parser.add_argument("--episodes", type=int, default=30, help="demonstrations of a task")
    parser.add_argument("--output", type=Path, required=True, help="folder of the HDF5 files")
    parser.add_argument("--workers", type=int, default=None, help="processes; one a core by default")
    parser.add_argument("--noise", type=float, default=DEFAULT_NOISE, help="standard deviation of the noise on the executed translations")
    parser.add_argument("--seed", type=int, default=0, help="seed of the start scenes and of the noise")
    parser.add_argument("--resolution", type=int, default=128, help="width and height of the images (pixels)")
    options = parser.parse_args(arguments)
    recipe = Recipe(options.seed, options.noise, options.resolution)
    try:
        files = record_demonstrations(options.output, tuple(options.tasks), options.episodes, recipe=recipe, workers=options.workers)
    except (ValueError, RecordingError) as error:
        sys.exit(f"error: {error}")
    for file in files:
        print(file)


if __name__ == "__main__":
    main()
