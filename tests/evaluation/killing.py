"""Kill an evaluation at random times, again and again."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from vlareg.evaluation import read_records

QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def run_and_kill(program: str, folder: Path, signals: Sequence[int], within: float, seed: int = 0) -> None:
    """Start a program as often as there are signals, and send each one at some time after a new episode has ended.

    Args:
        program: What to run, as `python -c` takes it; the folder is its argument.
        folder: Its results folder.
        signals: What to send; SIGINT goes to the workers as well, as from a terminal.
        within: Longest time between the new episode and the signal (s).
        seed: Of the times.

    Raises:
        AssertionError: If worker processes outlive the program.
    """
    generator, records = random.Random(seed), folder / "episodes.jsonl"
    for sent in signals:
        process = subprocess.Popen([sys.executable, "-c", program, str(folder)], start_new_session=True, **QUIET)
        seen = len(read_records(records))
        while process.poll() is None and len(read_records(records)) <= seen:
            time.sleep(0.005)
        time.sleep(generator.uniform(0, within))
        end = os.killpg if sent == signal.SIGINT else os.kill
        if process.poll() is None:
            end(process.pid, sent)
        process.wait(timeout=20)
        _wait_until_the_group_is_gone(process.pid)


def _wait_until_the_group_is_gone(group: int, patience: float = 20.0) -> None:
    started = time.monotonic()
    while time.monotonic() - started < patience:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.02)
    raise AssertionError("worker processes outlived the evaluation")
