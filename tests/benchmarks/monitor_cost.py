"""What share of training time the alignment monitor takes: both measured in one run of a configuration.

    python tests/benchmarks/monitor_cost.py [--config configs/train.yaml] [--steps 10]

A few steps stand for the run that the file describes: with as many steps, and a score at the first, every N and the last step,
of which the first and the last are drawn, too. Seconds by wall clock, and of this process's processor time, which matters where
other programs run.
"""

import argparse
import itertools
import tempfile
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import yaml

from vlareg.callbacks import AlignmentMonitor
from vlareg.cli import train
from vlareg.module import RegularizedPolicy

Seconds = np.ndarray
"""Wall clock and processor time (s)."""


def now() -> Seconds:
    """Return both clocks."""
    return np.array([time.perf_counter(), time.process_time()])


def watch(owner: type, method: str, note: Callable[[Any, Seconds, Seconds], None]) -> None:
    """Call `note` with the object, and with both clocks before and after, whenever a method is called."""
    original = getattr(owner, method)

    def timed(self: Any, *args: Any, **kwargs: Any) -> Any:
        start = now()
        result = original(self, *args, **kwargs)
        note(self, start, now())
        return result

    setattr(owner, method, timed)


def run(config: str, steps: int) -> tuple[AlignmentMonitor, int, list[Seconds], Seconds]:
    """Train, with a score every third step.

    Returns:
        The monitor, its configured interval, the seconds of each of its scores, and the median seconds of a step without.
    """
    scores: dict[int, Seconds] = {}
    starts: list[tuple[Seconds, int]] = []
    monitors: dict[AlignmentMonitor, int] = {}

    def note_hook(monitor: AlignmentMonitor, start: Seconds, end: Seconds) -> None:
        monitors.setdefault(monitor, monitor.every_n_steps)
        monitor.every_n_steps = 3
        number = len(monitor.records)
        scores[number] = scores.get(number, 0) + end - start

    for hook in ("on_train_start", "on_train_batch_end", "on_train_end"):
        watch(AlignmentMonitor, hook, note_hook)
    watch(RegularizedPolicy, "on_train_batch_start", lambda _, start, end: starts.append((start, len(scores))))
    with tempfile.TemporaryDirectory() as folder:
        options = {"max_steps": steps, "limit_val_batches": 0, "default_root_dir": folder}
        train(["--config", config, *(f"--trainer.{name}={value}" for name, value in options.items())])
    pairs = itertools.pairwise(starts)
    between = [later - earlier for (earlier, before), (later, after) in pairs if before == after]
    ((monitor, interval),) = monitors.items()
    return monitor, interval, list(scores.values()), np.median(between, axis=0)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--config", default="configs/train.yaml", help="what to train")
    parser.add_argument("--steps", type=int, default=10, help="training steps to measure (>= 7)")
    options = parser.parse_args()
    with open(options.config) as file:
        planned = yaml.safe_load(file)["trainer"]["max_steps"]
    monitor, interval, (first, *rest, last), step = run(options.config, options.steps)
    later, record, between = np.median(rest, axis=0), monitor.records[-1], (planned - 1) // interval
    print(f"{len(record.points)} points x {len(record.targets)} targets, {record.samples} samples, k = {record.k}")
    for name, i in (("wall clock", 0), ("processor", 1)):
        whole = (first[i] + between * later[i] + last[i]) / (planned * step[i])
        print(
            f"{name:10}  step {step[i]:.2f} s; score: first {first[i]:.2f} s, later {later[i]:.2f} s, last {last[i]:.2f} s; "
            f"every {interval} steps {later[i] / (interval * step[i]):.2%}, over {planned} steps {whole:.2%} of training"
        )


if __name__ == "__main__":
    main()
