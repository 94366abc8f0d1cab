"""How many times as fast as a plain loop roll-outs are on `libero_object`, and two workers as one on `libero_mini`.

    MUJOCO_GL=osmesa python -m tests.benchmarks.rollout_speed --assets FOLDER

FOLDER is LIBERO's `assets` folder. The plain loop is the published protocol with LIBERO's own environment: one episode after the
other, every camera in every step. Roll-outs have two workers and render the one camera that an OpenVLA reads. Both run the same
episodes of tasks 0 and 1 with the same toy policy, which takes no time, in turns, and every image must be the same. The time
counts from the policy's first observation on, so that the start of the processes does not; it is printed apart. At its defaults
it takes about three minutes on two cores.

With software GL the bar of 3 is just out of reach: 2.3 to 2.9 on two shared cores. A frame of the one camera is 80 ms of one core, half
of it rasterization at four samples a pixel, in which the plain loop's second core helps it; the simulation takes 12 ms. The longer
episodes are, the less the resets count, of which a plain one takes 3 s with its rendered waiting steps and ours 0.3 s.
"""

import argparse
import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.evaluation.plain_loop import ByImage, plain_loop
from vlareg.envs.libero_env import CAMERAS
from vlareg.envs.libero_setup import ASSETS_VARIABLE, import_libero
from vlareg.evaluation import Episode, Outcome, rollout
from vlareg.evaluation.suites import LiberoTasks


class Stopwatch(ByImage):
    """The toy policy, which notes when it was first asked."""

    first: float | None = None

    def act(self, frames: np.ndarray, instructions: Sequence[str], proprio: np.ndarray) -> np.ndarray:
        """Return the toy policy's actions."""
        self.first = time.perf_counter() if self.first is None else self.first
        return super().act(frames, instructions, proprio)


@dataclass(frozen=True)
class Run:
    """What came out of a run, and how long it took.

    Args:
        outcomes: The episodes, in the order of the plan.
        start: Time until the first observation (s).
        seconds: Time from there to the end (s).
    """

    outcomes: list[Outcome]
    start: float
    seconds: float

    @property
    def speed(self) -> float:
        """Environment steps a second."""
        return sum(outcome.steps for outcome in self.outcomes) / self.seconds


def measure(run: Callable[[Stopwatch], Iterable[Outcome]]) -> Run:
    """Run to the end and take the time."""
    policy, started = Stopwatch(), time.perf_counter()
    outcomes = sorted(run(policy), key=lambda outcome: (outcome.episode.task, outcome.episode.init_index))
    assert policy.first is not None
    assert not any(outcome.error for outcome in outcomes), outcomes
    return Run(outcomes, policy.first - started, time.perf_counter() - policy.first)


def of_workers(suite: str, resolution: int, episodes: Sequence[Episode], steps: int, workers: int, views: int) -> Run:
    """Measure a roll-out."""
    tasks = LiberoTasks(suite, resolution, CAMERAS[:views], max_steps=steps)
    return measure(
        lambda policy: rollout(
            policy, tasks, episodes, workers=workers, batch_size=1, keep_frames=lambda _: suite == "libero_object"
        )
    )


def check_equal(ours: Sequence[Outcome], plain: Sequence[Outcome]) -> None:
    """Check that both made the same records and saw the same."""
    for mine, theirs in zip(ours, plain, strict=True):
        for name in ("episode", "instruction", "success", "steps"):
            assert getattr(mine, name) == getattr(theirs, name), (name, mine, theirs)
        np.testing.assert_array_equal(np.stack(mine.frames)[:, 0], np.stack(theirs.frames)[:, 0])


def show(name: str, runs: Sequence[Run]) -> float:
    """Print a line, and return the median speed."""
    speed = float(np.median([run.speed for run in runs]))
    seconds, start = (np.median([getattr(run, field) for run in runs]) for field in ("seconds", "start"))
    print(f"{name:36} {speed:6.2f} steps/s  {seconds:6.1f} s, and {start:5.1f} s until the first observation")
    return speed


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--assets", type=Path, default=os.environ.get(ASSETS_VARIABLE), help="LIBERO's `assets` folder")
    parser.add_argument("--rounds", type=int, default=2, help="turns of each")
    parser.add_argument("--steps", type=int, default=50, help="actions of an episode of libero_object")
    parser.add_argument("--episodes", type=int, default=2, help="episodes of each of the two tasks of libero_object")
    parser.add_argument("--mini-steps", type=int, default=100, help="actions of an episode of libero_mini")
    parser.add_argument("--mini-episodes", type=int, default=8, help="episodes of libero_mini")
    options = parser.parse_args()
    os.environ[ASSETS_VARIABLE] = str(options.assets)
    import_libero()
    official = [Episode(task, init_index) for task in (0, 1) for init_index in range(options.episodes)]
    embedded = [Episode(0, init_index) for init_index in range(options.mini_episodes)]
    plain, ours, one, two = [], [], [], []
    for _ in range(options.rounds):
        plain.append(
            measure(
                lambda policy: plain_loop(policy, "libero_object", official, max_steps=options.steps, resolution=256)
            )
        )
        ours.append(of_workers("libero_object", 256, official, options.steps, workers=2, views=1))
        check_equal(ours[-1].outcomes, plain[-1].outcomes)
        one.append(of_workers("libero_mini", 128, embedded, options.mini_steps, workers=1, views=2))
        two.append(of_workers("libero_mini", 128, embedded, options.mini_steps, workers=2, views=2))
    print(f"MuJoCo renders with {os.environ['MUJOCO_GL']}; medians of {options.rounds} rounds.")
    base, fast = show("libero_object, plain loop", plain), show("libero_object, 2 workers", ours)
    print(f"ratio {fast / base:.2f} (the bar is 3); records and images are equal")
    single, double = show("libero_mini, 1 worker", one), show("libero_mini, 2 workers", two)
    print(f"ratio {double / single:.2f} (the bar is 1.8)")


if __name__ == "__main__":
    main()
