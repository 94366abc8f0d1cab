"""Positions of the model's sequence by name, and the mean of a module's output there."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import torch
from torch import Tensor

from vlareg.batch import IGNORED_LABEL, VLABatch
from vlareg.callbacks.representation import Read
from vlareg.shapes import TokenMask


def patches(batch: VLABatch) -> TokenMask:
    """Return True at the patches of every view.

    Args:
        batch: The batch.
    """
    mask = torch.zeros_like(batch.condition_mask)
    for view in batch.view_slices:
        mask[:, view] = True
    return mask


def last_prompt(batch: VLABatch) -> TokenMask:
    """Return True where the first action token is decoded from.

    Args:
        batch: The batch.
    """
    places = torch.arange(batch.condition_mask.shape[1], device=batch.input_ids.device)
    return places == batch.last_prompt_position[:, None]


def teacher_forced_actions(batch: VLABatch) -> TokenMask:
    """Return True at the action tokens, which the model was told: its states there contain the answer.

    Args:
        batch: The batch.
    """
    answer = action_tokens(batch)
    visible = answer.new_zeros(len(answer), batch.num_views * batch.patches_per_view)
    return torch.cat([answer[:, :1], visible, answer[:, 1:]], dim=1)


def action_tokens(batch: VLABatch) -> TokenMask:
    """Return True at the action tokens of `batch.input_ids`.

    Args:
        batch: The batch; the last labelled token of a row is the stop token.
    """
    labelled = batch.labels != IGNORED_LABEL
    remaining = labelled.flip(1).cumsum(1).flip(1)
    return labelled & (remaining > 1)


POSITIONS: Mapping[str, Callable[[VLABatch], TokenMask]] = MappingProxyType(
    {
        "patches": patches,
        "condition": lambda batch: batch.condition_mask,
        "last_prompt": last_prompt,
        "teacher_forced_actions": teacher_forced_actions,
    }
)
"""Name -> positions. `condition` is patches and prompt, what a policy may read before it acts; the last one leaks."""


def mean_at(positions: str) -> Read:
    """Return a function that averages a module's output over some positions.

    Args:
        positions: A name of `POSITIONS`.
    """

    def read(batch: VLABatch, tokens: Tensor | None) -> Tensor:
        assert tokens is not None
        mask = POSITIONS[positions](batch)
        if tokens.shape[:2] != mask.shape:
            raise ValueError(
                f"`{positions}` are positions of the model's sequence, {list(mask.shape)} in this batch, but the "
                f"module's output is {list(tokens.shape)}: name a block of the language model."
            )
        kept = torch.where(mask.unsqueeze(-1), tokens.float(), 0.0)
        return kept.sum(dim=1) / mask.sum(dim=1, keepdim=True)

    return read
