"""How far a teacher-forced policy's actions are from the demonstrated ones."""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from vlareg.batch import IGNORED_LABEL
from vlareg.policies.openvla.action_tokenizer import ActionTokenizer
from vlareg.shapes import TokenIds

DIMENSIONS = ("x", "y", "z", "roll", "pitch", "yaw", "gripper")
"""Names of LIBERO's action dimensions."""


def action_errors(
    logits: Float[Tensor, "labelled vocabulary"], labels: TokenIds, tokenizer: ActionTokenizer
) -> dict[str, Tensor]:
    """Return the mean absolute error of each action dimension, in normalised units (an action spans 2, a bin 2/255).

    Each token is decoded given the demonstrated ones before it, as the likeliest of the action tokens, and compared with
    the centre of the demonstrated token's bin.

    Args:
        logits: At the labelled positions, in the order of `labels[:, 1:][labels[:, 1:] != -100]`.
        labels: Action tokens and a stop token in each row, -100 elsewhere.
        tokenizer: Which ids are actions.

    Returns:
        Name of the dimension -> error; empty where a row is not an action and a stop token, as an answer in words is not.
        The dimensions are called x, y, z, roll, pitch, yaw, gripper if there are seven, else 0, 1, ...

    Example:
        >>> tokenizer = ActionTokenizer(10, num_bins=5)
        >>> labels, logits = torch.tensor([[-100, 9, 7, 1]]), torch.zeros(3, 10)
        >>> logits[[0, 1], [8, 7]] = 1.0
        >>> {name: float(error) for name, error in action_errors(logits, labels, tokenizer).items()}
        {'0': 0.5, '1': 0.0}
    """
    wanted = labels[:, 1:]
    lengths = (wanted != IGNORED_LABEL).sum(dim=1)
    length, first, stop = int(lengths[0]), tokenizer.ids.start, tokenizer.ids.stop
    if length < 2 or bool((lengths != length).any()):
        return {}
    targets = wanted[wanted != IGNORED_LABEL].view(-1, length)[:, :-1]
    if not bool(((targets >= first) & (targets < stop)).all()):
        return {}
    chosen = logits[:, first:stop].argmax(dim=-1).view(-1, length)[:, :-1] + first
    difference = np.abs(tokenizer.decode(chosen.cpu().numpy()) - tokenizer.decode(targets.cpu().numpy())).mean(axis=0)
    names = DIMENSIONS if len(difference) == len(DIMENSIONS) else map(str, range(len(difference)))
    errors = torch.from_numpy(difference).to(logits.device, torch.float32)
    return dict(zip(names, errors, strict=True))
