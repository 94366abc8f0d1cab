"""How a policy represents instructions: in its input embeddings, and in its language model before it acts."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from vlareg.batch import IGNORED_LABEL, VLABatch
from vlareg.callbacks.extraction_points import extraction_points
from vlareg.callbacks.readings import read_probe
from vlareg.callbacks.representation import Read, Representation
from vlareg.policies.openvla import OpenVLAForActionPrediction, OpenVLAProcessor
from vlareg.shapes import Embeddings, TokenMask

INPUT, STATES, LAST = "input embeddings", "states at the instruction", "state at the last prompt token"
BATCH = 32

Rows = Callable[[int], VLABatch]


def read_instructions(
    policy: OpenVLAForActionPrediction, processor: OpenVLAProcessor, instructions: Sequence[str], rows: Rows
) -> dict[str, Embeddings]:
    """Return one vector per instruction for each of three places, with the same picture before every instruction.

    Args:
        policy: The policy, in evaluation mode.
        processor: Its processor.
        instructions: At least two, without a common first or last word.
        rows: Gives as many rows of one frame, whose picture is shown.

    Returns:
        The mean of the last block's states over the instruction's own tokens; that block's state at the last prompt
        token, from which the first action is decoded; the mean of the input embeddings. The words around the instruction,
        which are the same for all, are left out of the means.
    """
    batches = _batches(processor, instructions, rows)
    start, end = _common_ends(
        [batch.input_ids[row][_prompt(batch)[row]] for batch in batches for row in range(len(batch))]
    )
    last = [point for point in extraction_points(policy) if point.name.endswith(".last_prompt")][-1]
    wanted = [
        Representation(STATES, _states(start, end), last.path),
        replace(last, name=LAST),
        Representation(INPUT, _embeddings(policy.get_input_embeddings(), start, end)),
    ]
    readings = read_probe(policy, wanted, batches)
    return {name: value.cpu() for name, value in readings.values.items()}


def _batches(processor: OpenVLAProcessor, instructions: Sequence[str], rows: Rows) -> list[VLABatch]:
    batches = []
    for first in range(0, len(instructions), BATCH):
        part = instructions[first : first + BATCH]
        shown, numbers = rows(len(part)), torch.arange(first, first + len(part))
        tokens: Any = processor.tokenize(part, np.zeros((len(part), shown.actions.shape[-1])))
        batches.append(replace(shown, **tokens, sample_ids=numbers, episode_ids=numbers))
    return batches


def _prompt(batch: VLABatch) -> TokenMask:
    return batch.attention_mask & (batch.labels == IGNORED_LABEL)


def _common_ends(prompts: Sequence[Tensor]) -> tuple[int, int]:
    """Return how many tokens all prompts have in common at the start, and at the end."""
    shortest = min(map(len, prompts))
    forward = torch.stack([prompt[:shortest] for prompt in prompts])
    backward = torch.stack([prompt.flip(0)[:shortest] for prompt in prompts])
    start, end = (int((side == side[0]).all(dim=0).long().cumprod(dim=0).sum()) for side in (forward, backward))
    return start, end


def _own_tokens(batch: VLABatch, start: int, end: int) -> TokenMask:
    """Return True at the tokens that are the instruction's own."""
    places = torch.arange(batch.input_ids.shape[1], device=batch.input_ids.device)
    return (places >= start) & (places < _prompt(batch).sum(dim=1, keepdim=True) - end)


def _embeddings(embedding: torch.nn.Module, start: int, end: int) -> Read:
    def read(batch: VLABatch, tokens: Tensor | None) -> Tensor:
        return _mean(embedding(batch.input_ids), _own_tokens(batch, start, end))

    return read


def _states(start: int, end: int) -> Read:
    def read(batch: VLABatch, tokens: Tensor | None) -> Tensor:
        assert tokens is not None
        visible = batch.num_views * batch.patches_per_view  # patches stand behind position 0
        words = torch.cat([tokens[:, :1], tokens[:, 1 + visible :]], dim=1)
        return _mean(words, _own_tokens(batch, start, end))

    return read


def _mean(tokens: Tensor, mask: TokenMask) -> Tensor:
    kept = torch.where(mask.unsqueeze(-1), tokens.float(), 0.0)
    return kept.sum(dim=1) / mask.sum(dim=1, keepdim=True)
