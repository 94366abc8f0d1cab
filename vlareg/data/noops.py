"""Leave out the steps in which nothing is commanded, as OpenVLA's preparation of LIBERO does."""

import warnings

import numpy as np
from jaxtyping import Bool, Float, Int

NO_COMMAND = 1e-4
"""Norm of an arm's command (in the data set's units) below which it is none."""


def is_action(actions: Float[np.ndarray, "steps action_dim"]) -> Bool[np.ndarray, "steps"]:
    """Tell an episode's steps that do something from its no-ops.

    A no-op commands the arm nothing and the gripper what the last kept step did; before the first kept step the gripper
    does not count.

    Args:
        actions: Commands of one episode, the gripper last.

    Reference:
        Kim et al., "OpenVLA: An Open-Source Vision-Language-Action Model", 2024, arXiv 2406.09246, and its published
        preparation of LIBERO, which also replays what is left in the simulator; here the observations stay.

    Example:
        >>> actions = np.array([[0.0, 1.0], [0.1, 1.0], [0.0, 1.0], [0.0, 0.0], [0.0, 0.0]])
        >>> is_action(actions).tolist()
        [False, True, False, True, False]
    """
    moves = np.linalg.norm(actions[:, :-1], axis=1) >= NO_COMMAND
    kept = np.zeros(len(actions), dtype=bool)
    last = None
    for step, gripper in enumerate(actions[:, -1]):
        kept[step] = moves[step] or (last is not None and gripper != last)
        last = gripper if kept[step] else last
    return kept


def rows_with_actions(
    actions: Float[np.ndarray, "samples action_dim"], episodes: Int[np.ndarray, "samples"], name: str
) -> Bool[np.ndarray, "samples"]:
    """Tell a task's no-ops from the rest, and warn where the filter does not fit the data.

    Args:
        actions: Commands of all episodes, the gripper last.
        episodes: Episode of each step; an episode's steps stand together.
        name: The task, for the warning.

    Returns:
        True where a step is kept. All steps of a task that would be left with none, since its units are then not those
        that the filter is made for.
    """
    starts = np.flatnonzero(np.diff(episodes)) + 1
    kept = np.concatenate([is_action(part) for part in np.split(actions, starts)])
    if not kept.any():
        warnings.warn(f"{name}: every step is a no-op (norm < {NO_COMMAND:g}), so none was left out.", stacklevel=2)
        return np.ones_like(kept)
    if kept.mean() < 0.5:
        warnings.warn(f"{name}: {1 - kept.mean():.0%} of the steps are no-ops and were left out.", stacklevel=2)
    return kept
