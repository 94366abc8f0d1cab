"""Record demonstrations of the scripted expert in LIBERO's raw HDF5 schema.

    python -m vlareg.data.demonstrations --suite libero_mini --tasks 6 7 8 9 --episodes 30 --output DIR

makes `DIR/{task}_demo.hdf5`; with `--suite libero_mini_think` each sign of a category has a file, and `--episodes`
demonstrations, of its own. What is there already is not recorded again; an interrupted recording goes on. Beside
LIBERO's data sets each demonstration has `expert_actions`: the labels without the noise that was executed.
"""

import argparse
import os
import sys
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path

from tqdm import tqdm

from vlareg.envs.libero_mini.demo_file import append_demonstrations, count_demonstrations
from vlareg.envs.libero_mini.parts import Recipe, drop_foreign_parts, quiet_worker, record_part
from vlareg.envs.libero_mini.recordable import RECORDABLES, RECORDED_SUITES, recordables_of
from vlareg.envs.libero_mini.recording import ExpertFailure
from vlareg.envs.rendering import NoRendererError
from vlareg.files import locked

DEFAULT_RECIPE = Recipe(seed=0, noise=0.25, resolution=128)

Job = tuple[int, int, Path]
"""Number in `RECORDABLES`, number of the demonstration, file of its own."""


class RecordingError(RuntimeError):
    """A recording cannot go on; the message says why and what to do."""


def record_demonstrations(
    output: str | Path,
    tasks: tuple[int, ...],
    episodes: int,
    *,
    suite: str = "libero_mini",
    recipe: Recipe = DEFAULT_RECIPE,
    workers: int | None = None,
    progress: bool = True,
) -> list[Path]:
    """Record successful episodes, one file a task of `libero_mini` or a sign of `libero_mini_think`.

    Demonstration i of a file depends on the recipe, the task or the sign, and i alone. A file that holds more stays as it is. One
    process at a time records into a folder.

    Args:
        output: Folder of the files.
        tasks: Numbers of the tasks.
        episodes: Demonstrations of a file (> 0).
        suite: "libero_mini" or "libero_mini_think".
        recipe: Seed, noise and resolution.
        workers: Processes; by default one a core.
        progress: Whether to show a bar.

    Returns:
        The files, in the order of the tasks and of their signs.

    Raises:
        ValueError: An argument is out of range, or a file is there that was recorded by another recipe.
        RecordingError: Nothing can be written (a full disk, say), or a worker crashed; what was recorded is kept.
        ExpertFailure: The expert cannot solve a task under so much noise.
    """
    _check(episodes, workers)
    files = {number: Path(output) / RECORDABLES[number].file_name for number in recordables_of(suite, tasks)}
    if all(count_demonstrations(file, recipe) >= episodes for file in files.values()):
        return list(files.values())  # the folder may be one that cannot be written to
    try:
        with locked(Path(output) / ".lock"):
            _record_missing(files, episodes, recipe, workers or os.cpu_count() or 1, progress)
    except OSError as error:
        raise RecordingError(
            f"`output`: cannot write to {output} ({error}); what was recorded is kept: make room and run again."
        ) from error
    return list(files.values())


def _record_missing(files: dict[int, Path], episodes: int, recipe: Recipe, workers: int, progress: bool) -> None:
    first = {number: count_demonstrations(file, recipe) for number, file in files.items()}
    jobs = [(n, i, _parts(file) / f"{i}.hdf5") for n, file in files.items() for i in range(first[n], episodes)]
    for file in files.values():
        drop_foreign_parts(_parts(file), recipe)
    _run([job for job in jobs if not job[2].exists()], recipe, workers, progress, len(jobs))
    for number, file in files.items():
        _merge(file, number, recipe, {i: part for owner, i, part in jobs if owner == number})


def _check(episodes: int, workers: int | None) -> None:
    if episodes < 1:
        raise ValueError(f"`episodes` must be > 0, but got {episodes}.")
    if workers is not None and workers < 1:
        raise ValueError(f"`workers` must be > 0, but got {workers}.")


def _parts(file: Path) -> Path:
    return file.parent / f".{file.stem}.parts"


def _merge(file: Path, number: int, recipe: Recipe, parts: dict[int, Path]) -> None:
    if not parts:
        return
    append_demonstrations(file, RECORDABLES[number], recipe, parts)
    for part in parts.values():
        part.unlink()
    with suppress(OSError):  # parts that are not asked for now stay for later
        _parts(file).rmdir()


def _run(jobs: list[Job], recipe: Recipe, workers: int, progress: bool, total: int) -> None:
    if not jobs:
        return
    context = get_context("spawn")  # a fork after EGL's initialisation crashes
    bar = tqdm(total=total, initial=total - len(jobs), desc="demonstrations", unit="episode", disable=not progress)
    with bar, ProcessPoolExecutor(min(workers, len(jobs)), mp_context=context, initializer=quiet_worker) as pool:
        futures = [pool.submit(record_part, number, index, recipe, target) for number, index, target in jobs]
        try:
            _wait(futures, bar)
        except BaseException:
            for future in futures:
                future.cancel()
            raise


def _wait(futures: "list[Future[int]]", bar: "tqdm[None]") -> None:
    attempts = 0
    for done, future in enumerate(as_completed(futures), start=1):
        try:
            attempts += future.result()
        except BrokenProcessPool as error:
            raise RecordingError(
                "a worker ended abruptly (out of memory?); what was recorded is kept: run again."
            ) from error
        bar.set_postfix_str(f"expert succeeds {done / attempts:.0%}")
        bar.update()


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    default = DEFAULT_RECIPE
    parser = argparse.ArgumentParser("python -m vlareg.data.demonstrations", description=str(__doc__).splitlines()[0])
    suites = list(RECORDED_SUITES)
    parser.add_argument("--suite", choices=suites, default=suites[0], help="a suite with a scripted expert")
    parser.add_argument("--tasks", type=int, nargs="+", default=None, help="numbers of the tasks; all by default")
    parser.add_argument("--episodes", type=int, default=30, help="demonstrations of a file")
    parser.add_argument("--output", type=Path, required=True, help="folder of the HDF5 files")
    parser.add_argument("--workers", type=int, default=None, help="processes; one a core by default")
    parser.add_argument("--noise", type=float, default=default.noise, help="standard deviation of executed noise")
    parser.add_argument("--seed", type=int, default=default.seed, help="seed of the start scenes and the noise")
    parser.add_argument("--resolution", type=int, default=default.resolution, help="width and height (pixels)")
    chosen = parser.parse_args(arguments)
    try:
        recipe = Recipe(chosen.seed, chosen.noise, chosen.resolution)
        tasks = tuple(chosen.tasks or RECORDED_SUITES[chosen.suite])
        files = record_demonstrations(
            chosen.output, tasks, chosen.episodes, suite=chosen.suite, recipe=recipe, workers=chosen.workers
        )
    except (ValueError, RecordingError, ExpertFailure, NoRendererError) as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit("interrupted; what was recorded is kept: run again to go on.")
    print(*files, sep="\n")


if __name__ == "__main__":
    main()
