"""A few rendered scenes, made in this process."""

from concurrent.futures import Future
from pathlib import Path

import pytest

from vlareg.data.concepts import scenes as module
from vlareg.data.concepts.scenes import render_scenes

TABLETOPS, SIGNS, SEED = 40, 12, 3


def small_shards(patch: pytest.MonkeyPatch) -> None:
    """Store 20 scenes in a shard, and render them without processes: a test needs no second simulator."""
    patch.setattr(module, "SHARD", 20)
    patch.setattr(module, "ProcessPoolExecutor", InThisProcess)


def render_here(folder: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        small_shards(patch)
        render_scenes(TABLETOPS, SEED, signs=SIGNS, output=folder)


class InThisProcess:
    """Runs what is submitted at once, and counts it."""

    submitted = 0

    def __init__(self, *args: object) -> None: ...

    def __enter__(self) -> "InThisProcess":
        return self

    def __exit__(self, *args: object) -> None: ...

    def submit(self, function, *args):
        InThisProcess.submitted += 1
        future: Future[int] = Future()
        future.set_result(function(*args))
        return future
