"""Make a small OpenVLA with random weights: `python -m vlareg.new_checkpoint --output FOLDER`."""

from pathlib import Path

import torch
from jsonargparse import auto_cli

from vlareg.data.concepts import all_texts
from vlareg.files import atomic_folder
from vlareg.policies.openvla import (
    OpenVLAForActionPrediction,
    OpenVLAProcessor,
    build_mini_tokenizer,
    initialize,
    mini_config,
)


def new_checkpoint(output: str, seed: int = 0) -> None:
    """Write a checkpoint folder whose tokenizer knows the embedded suite's words.

    Args:
        output: The folder to make; it must not exist.
        seed: Seed of the weights.

    Raises:
        FileExistsError: The folder exists.
    """
    if Path(output).exists():
        raise FileExistsError(f"`output`: {output} exists already.")
    tokenizer = build_mini_tokenizer(all_texts())
    config = mini_config(tokenizer)
    torch.manual_seed(seed)
    model = OpenVLAForActionPrediction(config)
    initialize(model)
    with atomic_folder(output) as folder:
        model.save_pretrained(folder)
        OpenVLAProcessor(tokenizer, config).save_pretrained(folder)


if __name__ == "__main__":
    auto_cli(new_checkpoint, as_positional=False)
