"""How many times as fast as `libero_object` the embedded suite steps, with both cameras on: side by side, in one run.

    python tests/benchmarks/render_speed.py --assets FOLDER

FOLDER is LIBERO's `assets` folder. The two take turns, so that what else the machine does falls on both.
"""

import argparse
import os
import time
from pathlib import Path

import numpy as np

from vlareg.envs import LiberoEnv
from vlareg.envs.libero_setup import ASSETS_VARIABLE

ROUNDS = 5
STEPS = {"libero_mini": 60, "libero_object": 10}
"""Environment steps of a turn: about as many seconds for both."""


def seconds_per_step(env: LiberoEnv, steps: int) -> tuple[float, float]:
    """Return wall-clock and processor time of one environment step (s)."""
    actions = np.random.default_rng(0).uniform(-0.3, 0.3, (steps, 7))
    wall, processor = time.perf_counter(), time.process_time()
    for action in actions:
        env.step(action)
    return (time.perf_counter() - wall) / steps, (time.process_time() - processor) / steps


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--assets", type=Path, default=os.environ.get(ASSETS_VARIABLE), help="LIBERO's `assets` folder")
    parser.add_argument("--resolution", type=int, default=128, help="width and height of both images (pixels)")
    options = parser.parse_args()
    os.environ[ASSETS_VARIABLE] = str(options.assets)
    envs = {suite: LiberoEnv(suite, 0, resolution=options.resolution) for suite in STEPS}
    times: dict[str, list[tuple[float, float]]] = {suite: [] for suite in STEPS}
    for env in envs.values():
        env.reset(0)
    for _ in range(ROUNDS):
        for suite, env in envs.items():
            times[suite].append(seconds_per_step(env, STEPS[suite]))
    medians = {suite: np.median(times[suite], axis=0) for suite in STEPS}
    for suite, (wall, processor) in medians.items():
        print(f"{suite:13} {1 / wall:7.1f} steps/s  {1000 * wall:7.1f} ms wall  {1000 * processor:7.1f} ms processor")
    wall, processor = medians["libero_object"] / medians["libero_mini"]
    print(f"ratio at {options.resolution} px: {wall:.1f} by wall clock, {processor:.1f} by processor time")
    for env in envs.values():
        env.close()


if __name__ == "__main__":
    main()
