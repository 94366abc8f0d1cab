"""What a policy's representation is compared with, by name."""

import re
from collections.abc import Iterable

from torch import Tensor, nn

from vlareg.batch import VLABatch
from vlareg.callbacks.extraction_points import openvla_in
from vlareg.callbacks.positions import action_tokens
from vlareg.callbacks.representation import Read, Representation
from vlareg.functional.space import ACTIONS
from vlareg.regularizers import TeacherAlignment

ACTION_PARTS = {"full": slice(None), "arm": slice(None, -1), "gripper": slice(-1, None)}
"""Columns of an action; the gripper is its last."""


def listed_targets(policy: nn.Module, regularizers: Iterable[nn.Module] = ()) -> list[Representation]:
    """List what can be compared with a policy's representation, besides its own extraction points.

    - `actions.full`, `actions.arm` and `actions.gripper`, the current action in the data set's units. The gripper has
      two values and, unless it is left out, decides most neighbours. `actions.arm.next8` is a window, the current
      action and the seven after it, and so are the other parts with any number.
    - `proprio`, the robot's state (m, rad, m).
    - `action_tokens`, the embeddings of the current action's tokens side by side.
    - `{regularizer}.features` of each TeacherAlignment: the mean of the teacher's patches, the views side by side.

    Args:
        policy: The policy, bare or with adapters.
        regularizers: Regularizers on that policy.
    """
    targets = [_actions(f"actions.{part}", part, 1) for part in ACTION_PARTS]
    targets.append(Representation("proprio", lambda batch, _: batch.proprio, space=ACTIONS))
    if openvla := openvla_in(policy):
        targets.append(Representation("action_tokens", _embedded_by(openvla.get_input_embeddings())))
    for regularizer in regularizers:
        if isinstance(regularizer, TeacherAlignment):
            targets.append(Representation(f"{regularizer.name}.features", _seen_by(regularizer)))
    return targets


def action_window(name: str) -> Representation | None:
    """Return the target `actions.{part}.next{steps}`, None if the name is of another form.

    Args:
        name: For example `actions.arm.next8`.

    Example:
        >>> action_window("actions.arm.next8").space.distance
        'euclidean'
    """
    found = re.fullmatch(rf"actions\.({'|'.join(ACTION_PARTS)})\.next([1-9]\d*)", name)
    return _actions(name, found[1], int(found[2])) if found else None


def _actions(name: str, part: str, steps: int) -> Representation:
    def read(batch: VLABatch, tokens: Tensor | None) -> Tensor:
        horizon = batch.actions.shape[1]
        if steps > horizon:
            raise ValueError(
                f"`{name}` needs {steps} future actions, but a batch has {horizon}: raise the data's `horizon`."
            )
        return batch.actions[:, :steps, ACTION_PARTS[part]].flatten(1)

    return Representation(name, read, space=ACTIONS)


def _embedded_by(embedding: nn.Module) -> Read:
    def read(batch: VLABatch, tokens: Tensor | None) -> Tensor:
        mask = action_tokens(batch)
        counts = mask.sum(dim=1)
        if not bool((counts == counts[0]).all()):
            raise ValueError(f"`action_tokens` must be as many in every row, but there are {counts.tolist()}.")
        embedded: Tensor = embedding(batch.input_ids[mask].view(len(mask), -1))
        return embedded.flatten(1)

    return read


def _seen_by(alignment: TeacherAlignment) -> Read:
    def read(batch: VLABatch, tokens: Tensor | None) -> Tensor:
        features = alignment.target(batch).float()
        by_view = features.reshape(len(batch), batch.num_views, batch.patches_per_view, -1)
        return by_view.mean(dim=2).flatten(1)

    return read
