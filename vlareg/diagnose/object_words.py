"""Where the words that name an object stand in the model's sequence."""

from collections.abc import Sequence

import torch

from vlareg.batch import VLABatch
from vlareg.policies.openvla import OpenVLAProcessor
from vlareg.policies.openvla.prompts import action_prompt
from vlareg.shapes import TokenMask


def object_words(
    processor: OpenVLAProcessor, batch: VLABatch, instructions: Sequence[str], names: Sequence[str]
) -> TokenMask:
    """Return True at the tokens of a name in each instruction.

    Args:
        processor: The policy's; its tokenizer says which letters a token is from.
        batch: The batch made of these instructions.
        instructions: One per row.
        names: What to look for, one per row; its first mention counts.

    Raises:
        ValueError: If an instruction does not contain the name.
    """
    mask = torch.zeros_like(batch.condition_mask)
    patches = batch.num_views * batch.patches_per_view  # they stand behind position 0
    for row, (instruction, name) in enumerate(zip(instructions, names, strict=True)):
        for token in _tokens(processor, action_prompt(instruction), instruction.lower(), name.lower()):
            mask[row, patches + token] = True
    return mask


def _tokens(processor: OpenVLAProcessor, prompt: str, instruction: str, name: str) -> list[int]:
    """Return the positions, in the prompt's tokens, of those that hold a letter of the name."""
    if name not in instruction:
        raise ValueError(f"`names`: {name!r} is not in the instruction {instruction!r}.")
    first = prompt.index(instruction) + instruction.index(name)
    spans = processor.tokenizer(prompt, return_offsets_mapping=True)["offset_mapping"]
    return [i for i, (start, end) in enumerate(spans) if start < first + len(name) and end > first]
