"""One evaluation on a cluster: its shards as Ray tasks, and their results merged."""

import os
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from vlareg.evaluation.evaluate import evaluate
from vlareg.evaluation.interfaces import EvaluationStopped
from vlareg.evaluation.merge import merge, require_new_folder
from vlareg.evaluation.rollout import WORKERS, render_threads
from vlareg.evaluation.shards import Shard
from vlareg.evaluation.summary import Summary

RESTARTS = 2
"""How often a shard is started again."""


def evaluate_on_ray(options: Mapping[str, Any], shards: int, output: Path, cpus: int = 8) -> Summary:
    """Run the parts of an evaluation as Ray tasks, and merge their results.

    The cluster is that of `RAY_ADDRESS`, or else the one that this node belongs to, or else one that is started here. All its
    nodes have vlareg, what the suite needs, and the checkpoint's folder and the results under the same paths. A part has a GPU of its own
    if a node has any, and a results folder beside `output`. If its node or process dies, or its simulators fail, Ray starts it
    again, and it goes on where it ended; so does all of it by the same command.

    Args:
        options: Arguments of `evaluate`, without `shard` and `output`.
        shards: Number of parts (> 0).
        output: Results folder to make of all parts, on storage that all nodes share.
        cpus: Processor cores that Ray reserves for a part (> 0), of which it runs `workers` simulators.

    Returns:
        The summary of all episodes.

    Raises:
        ModuleNotFoundError: If the package `ray` is not installed.
        ValueError: If there is no part or no node has the cores, or `output` is neither new nor empty.
        EvaluationStopped: If parts failed for good; the others have been run to their ends.
    """
    if shards < 1:
        raise ValueError(f"`shards` must be > 0, but got {shards}.")
    require_new_folder(output)
    parts = [Shard(number, shards) for number in range(1, shards + 1)]
    output = output.absolute()
    folders = {part: output.with_name(f"{output.name}-shard{part.number}of{part.of}") for part in parts}
    checkpoint = Path(options["checkpoint"])
    if checkpoint.is_dir():  # each part looks a repository of the hub up itself
        options = {**options, "checkpoint": checkpoint.absolute()}
    ray = _import_ray()
    with ray.init(include_dashboard=False):
        task = ray.remote(
            num_cpus=cpus,
            num_gpus=_gpus(ray, cpus),
            max_retries=RESTARTS,
            retry_exceptions=[RuntimeError, OSError],  # not ValueError, which would come again
        )(_evaluate_part)
        _wait(ray, {part: task.remote(options, part, folder, cpus) for part, folder in folders.items()})
    return merge(output, list(folders.values()))


def _evaluate_part(options: Mapping[str, Any], part: Shard, folder: Path, cpus: int) -> None:
    threads = render_threads(cpus, options.get("workers", WORKERS))
    os.environ.setdefault("LP_NUM_THREADS", str(threads))  # Ray gives a part these cores, but shows it all of the node
    evaluate(**options, shard=str(part), output=folder)


def _import_ray() -> ModuleType:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # a cluster started here reports to nobody
    try:
        return import_module("ray")
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError("`eval_libero.py ray` needs the package ray: pip install ray.") from error


def _gpus(ray: ModuleType, cpus: int) -> int:
    """Return how many GPUs each part gets, and check that there is a node for it: Ray would wait for one for ever."""
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    gpus = int(any(node.get("GPU", 0) >= 1 for node in nodes))
    most = max((int(node.get("CPU", 0)) for node in nodes if node.get("GPU", 0) >= gpus), default=0)
    if not 1 <= cpus <= most:
        where = "node with a GPU" if gpus else "node"
        raise ValueError(f"`cpus` must be in 1..{most}, the cores of the largest {where}, but got {cpus}.")
    return gpus


def _wait(ray: ModuleType, tasks: Mapping[Shard, Any]) -> None:
    failures = {}
    for part, task in tasks.items():
        try:
            ray.get(task)
        except ray.exceptions.RayError as error:
            failures[part] = getattr(error, "cause", None) or error
    if failures:
        part, cause = next(iter(failures.items()))
        raise EvaluationStopped(
            f"{len(failures)} of {len(tasks)} shards failed; the same command goes on where they ended. Shard {part}: {cause}"
        ) from cause
