"""LIBERO's evaluation as one plain loop, after the published protocol: what roll-outs have to equal, and to be faster than."""

import os
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from vlareg.envs.init_states import read_init_states
from vlareg.envs.libero_setup import import_libero
from vlareg.evaluation import Episode, Outcome, Policy

VIEWS = ("agentview_image", "robot0_eye_in_hand_image")


class ByImage:
    """A toy policy: a fixed function of the first view, in which one different pixel makes another action."""

    def act(self, frames: np.ndarray, instructions: Sequence[str], proprio: np.ndarray) -> np.ndarray:
        """Return the sines of seven strips' sums; sums of whole numbers are exact."""
        strips = np.array_split(frames[:, 0].astype(np.int64), 7, axis=1)
        return np.stack([np.sin(strip.sum(axis=(1, 2, 3))) for strip in strips], axis=1)


def plain_loop(
    policy: Policy, suite: str, episodes: Sequence[Episode], *, max_steps: int, resolution: int
) -> Iterator[Outcome]:
    """Run episodes one after the other with LIBERO's own environment, every camera in every step.

    Of the episodes before and between them there is the reset alone, which draws the places of the next one's fixtures.

    Args:
        policy: Gives the actions.
        suite: Name of the suite.
        episodes: What to run, sorted by tasks.
        max_steps: After how many actions an episode ends (environment steps).
        resolution: Width and height of the images (pixels).
    """
    libero = import_libero()
    from libero.libero.benchmark import get_benchmark
    from libero.libero.envs import OffScreenRenderEnv

    benchmark = get_benchmark(suite)()
    for number in sorted({episode.task for episode in episodes}):
        task = benchmark.get_task(number)
        states = read_init_states(
            os.path.join(libero.get_libero_path("init_states"), task.problem_folder, task.init_states_file)
        )
        env = OffScreenRenderEnv(
            bddl_file_name=benchmark.get_task_bddl_file_path(number),
            camera_heights=resolution,
            camera_widths=resolution,
        )
        env.seed(0)
        wanted = {episode.init_index: episode for episode in episodes if episode.task == number}
        for init_index in range(max(wanted) + 1):
            env.reset()
            if init_index in wanted:
                yield _run(env, policy, wanted[init_index], task.language, states[init_index], max_steps)
        env.close()


def _run(env: Any, policy: Policy, episode: Episode, instruction: str, state: np.ndarray, max_steps: int) -> Outcome:
    observation = env.set_init_state(state)
    for _ in range(10):
        observation, _, _, _ = env.step([0.0, 0.0, 0.0, 0.0, 0.0, 0.0, -1.0])
    frames = [_views(observation)]
    for step in range(1, max_steps + 1):
        (action,) = policy.act(frames[-1][None], [instruction], np.zeros((1, 8)))
        observation, _, success, _ = env.step(action)
        frames.append(_views(observation))
        if success:
            return Outcome(episode, instruction, True, step, frames=frames)
    return Outcome(episode, instruction, False, max_steps, frames=frames)


def _views(observation: dict[str, np.ndarray]) -> np.ndarray:
    return np.stack([observation[view] for view in VIEWS])
