"""Run a function in two processes that form a gloo group."""

import importlib.util
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch


def on_two_ranks(function: Callable[[], Any], timeout: float = 120) -> list[Any]:
    """Return what a function of a test module (no arguments; tensors and numbers back) returns on each of two ranks.

    Args:
        function: What to run.
        timeout: Seconds that a rank may take.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    variables = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": "2", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, __file__, function.__code__.co_filename, function.__name__]
    with tempfile.TemporaryDirectory() as folder:
        outputs = [Path(folder, f"{rank}.pt") for rank in range(2)]
        ranks = [
            subprocess.Popen([*command, str(output)], env={**os.environ, **variables, "RANK": str(rank)})
            for rank, output in enumerate(outputs)
        ]
        try:
            assert [rank.wait(timeout=timeout) for rank in ranks] == [0, 0]
        finally:
            for rank in ranks:
                rank.kill()
                rank.wait()
        return [torch.load(output, weights_only=True) for output in outputs]


def _worker(file: str, name: str, output: str) -> None:
    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo")
    # By its file, since a test module's name depends on how pytest imported it.
    sys.path.insert(0, str(Path(__file__).parents[1]))
    spec = importlib.util.spec_from_file_location("worker", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["worker"] = module
    spec.loader.exec_module(module)
    torch.save(getattr(module, name)(), output)
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    _worker(*sys.argv[1:])
