"""Whether the perturbed episodes of `libero_mini` can be solved: the expert on every axis that changes more than pictures and words.

    python tests/benchmarks/expert_on_axes.py --episodes 5

For each level the first initial states of all ten tasks, without rendering. The bar is 90 % of the episodes.
"""

import argparse

from vlareg.envs import SUITES, LiberoEnv
from vlareg.envs.libero_mini.expert import SceneReader, expert_action
from vlareg.envs.perturbations import PERTURBATIONS, Perturbation
from vlareg.evaluation import wilson_interval

AXES = ("unseen_object", "distractors", "candidates", "object_position", "robot_pose", "moved_object")
"""The others change what is seen or said, and the expert neither sees nor listens."""


def solve(env: LiberoEnv, init_index: int) -> bool:
    """Roll the expert out."""
    env.reset(init_index)
    reader = SceneReader(env.simulator)
    return any(env.step(expert_action(reader.read()))[1] for _ in range(env.max_steps))


def failures(perturbation: Perturbation, episodes: int) -> list[tuple[int, int]]:
    """Return the episodes (task, initial state) that the expert does not solve."""
    failed = []
    for task in range(SUITES["libero_mini"].num_tasks):
        env = LiberoEnv("libero_mini", task, cameras=(), perturbation=perturbation)
        failed += [(task, init_index) for init_index in range(episodes) if not solve(env, init_index)]
        env.close()
    return failed


def main() -> None:
    """Print one line a level."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--episodes", type=int, default=5, help="initial states of each task")
    parser.add_argument("--axes", nargs="*", default=AXES)
    arguments = parser.parse_args()
    total = SUITES["libero_mini"].num_tasks * arguments.episodes
    for axis in arguments.axes:
        kind = PERTURBATIONS[axis]
        for level in range(1, kind.max_level + 1):
            failed = failures(kind(level), arguments.episodes)
            low, high = wilson_interval(total - len(failed), total)
            print(
                f"{axis} {level}: {total - len(failed)} of {total} ({low:.0%} to {high:.0%}), failed {failed}",
                flush=True,
            )


if __name__ == "__main__":
    main()
