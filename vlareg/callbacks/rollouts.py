"""Roll-outs of a snapshot in a process of their own."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vlareg.envs.suites import find_suite
from vlareg.evaluation import Summary, read_records, summarize
from vlareg.evaluation.records import RECORDS_FILE

ENTRY = "from vlareg.evaluation.command import main; main()"
"""What `eval_libero.py` runs."""

PATIENCE = 5.0
"""How long a process that is told to end may take (s)."""

_PROGRAM = """
import os, threading

def end_with_the_training():
    os.read(0, 1)  # returns when the training's end of the pipe is closed, however that came about
    os.killpg(0, 9)

threading.Thread(target=end_with_the_training, daemon=True).start()
{entry}
"""


@dataclass(frozen=True)
class Rollouts:
    """Which episodes are rolled out.

    Args:
        suite: One of `vlareg.envs.SUITES`.
        tasks: Numbers of the tasks; all where none is given.
        episodes: Episodes of each task (> 0); episode e starts from stored initial state e.
        options: Further arguments of `eval_libero.py` by their names, such as `workers` or `perturbation`; where they are not
            given there are 2 workers, batches of 2 and no videos.

    Raises:
        ValueError: If there is no such suite or task, or no episode.

    Example:
        >>> Rollouts(tasks=(6, 7), options={"workers": 4}).arguments("policy", "results")[2:6]
        ['--suite=libero_mini', '--tasks=[6, 7]', '--episodes=5', '--workers=4']
    """

    suite: str = "libero_mini"
    tasks: tuple[int, ...] | None = None
    episodes: int = 5
    options: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        known = range(find_suite(self.suite).num_tasks)
        if self.tasks is not None and (not self.tasks or not set(self.tasks) <= set(known)):
            raise ValueError(f"`tasks` must be in 0..{known[-1]} for {self.suite}, but got {list(self.tasks)}.")
        if self.episodes < 1:
            raise ValueError(f"`episodes` must be > 0, but got {self.episodes}.")

    def arguments(self, checkpoint: str | Path, output: str | Path) -> list[str]:
        """Return the arguments of `eval_libero.py`.

        Args:
            checkpoint: Folder of the policy.
            output: Folder of the results.
        """
        named: dict[str, Any] = {"checkpoint": checkpoint, "output": output, "suite": self.suite}
        named |= {} if self.tasks is None else {"tasks": list(self.tasks)}
        named |= {"episodes": self.episodes, "workers": 2, "batch_size": 2, "videos": 0} | self.options
        return [f"--{name}={value}" for name, value in named.items()]


class RolloutProcess:
    """Roll-outs that run beside this process, and end with it at the latest.

    Args:
        rollouts: What to run.
        checkpoint: Folder of the policy.
        output: Folder of the results, made if absent; `output.txt` in it has what the process prints.
        environment: Environment variables that it gets beside this process's own.
    """

    def __init__(self, rollouts: Rollouts, checkpoint: Path, output: Path, environment: Mapping[str, str]) -> None:
        self._output = output
        output.mkdir(parents=True, exist_ok=True)
        program = _PROGRAM.format(entry=ENTRY)
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", program, *rollouts.arguments(checkpoint.absolute(), output.absolute())],
                env={**os.environ, **environment},
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is the training's to handle, and the workers can be ended with the process
            )

    @property
    def is_running(self) -> bool:
        """Whether there are episodes to come."""
        return self._process.poll() is None

    def wait(self, timeout: float) -> None:
        """Wait until the episodes are done, or for a time (s)."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout)

    def result(self) -> Summary:
        """Return what the episodes came to, when the process has ended.

        Raises:
            RuntimeError: If it ended with an error; the message has the last lines that it printed.
        """
        if self._process.returncode != 0:
            last = self._log.read_text(errors="replace").strip().splitlines()[-15:]
            raise RuntimeError("\n".join([f"exit code {self._process.returncode}; {self._log} ends with", *last]))
        records = read_records(self._output / RECORDS_FILE)
        if not records:
            raise RuntimeError(f"the process ended well, but {self._output} has no {RECORDS_FILE}.")
        return summarize(records)

    def stop(self) -> None:
        """End the process and its workers, if they still run."""
        for request in (signal.SIGTERM, signal.SIGKILL):
            if self.is_running:
                os.killpg(self._process.pid, request)
                self.wait(PATIENCE)
        if self._process.stdin is not None:
            self._process.stdin.close()

    @property
    def _log(self) -> Path:
        return self._output / "output.txt"
