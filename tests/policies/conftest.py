"""The reference implementation's toy checkpoint with its numbers, and a small random OpenVLA with two views."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.fixtures.openvla_toy import toy_encoders  # noqa: F401  (registers the toy's encoders with timm)
from vlareg.policies.openvla import OpenVLAForActionPrediction, OpenVLAProcessor, build_mini_tokenizer, mini_config

TOY = Path(__file__).parents[1] / "fixtures" / "openvla_toy"
INSTRUCTIONS = ["put the red cube in the basket", "push the blue plate to the left region", "lift the mug"]
STATISTICS = {"mini": {"action": {"q01": [-1.0] * 7, "q99": [1.0] * 7, "mask": [True] * 6 + [False]}}}


@dataclass(frozen=True)
class Reference:
    """What the reference implementation computed from the toy checkpoint."""

    inputs: dict[str, Tensor]
    numbers: dict[str, np.ndarray]
    grad_norms: dict[str, float]

    def prompts(self) -> dict[str, Tensor]:
        """Return the prompts alone: without the last 8 tokens (actions and stop), right-padded."""
        lengths = torch.from_numpy(self.numbers["lengths"]) - 8
        mask = torch.arange(int(lengths.max())) < lengths[:, None]
        ids = self.inputs["input_ids"][:, : mask.shape[1]].masked_fill(~mask, 32000)
        return {"input_ids": ids, "attention_mask": mask, "pixel_values": self.inputs["pixel_values"]}


@pytest.fixture(scope="session")
def reference() -> Reference:
    numbers = dict(np.load(TOY / "io.npz"))
    names = ("input_ids", "attention_mask", "labels", "pixel_values")
    inputs = {name: torch.from_numpy(numbers[name]) for name in names}
    return Reference(inputs, numbers, json.loads((TOY / "grad_norms.json").read_text()))


@pytest.fixture(scope="session")
def toy() -> OpenVLAForActionPrediction:
    return OpenVLAForActionPrediction.from_pretrained(TOY, dtype=torch.float32)


@pytest.fixture(scope="session")
def processor() -> OpenVLAProcessor:
    tokenizer = build_mini_tokenizer([*INSTRUCTIONS, "Where is the mug?", "red", "What colour is the plate?"])
    return OpenVLAProcessor(tokenizer, mini_config(tokenizer, STATISTICS))


def build_mini(processor: OpenVLAProcessor) -> OpenVLAForActionPrediction:
    """Return a random model; its weights are so large that inputs matter to its answers."""
    torch.manual_seed(0)
    model = OpenVLAForActionPrediction(processor.config).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.ndim == 2 and "language_model" in name:
                parameter.mul_(4.0)
    return model


@pytest.fixture(scope="session")
def mini(processor: OpenVLAProcessor) -> OpenVLAForActionPrediction:
    return build_mini(processor)


@pytest.fixture(scope="session")
def batch(processor: OpenVLAProcessor) -> dict[str, Tensor]:
    """Three rows of different lengths."""
    generator = torch.Generator().manual_seed(0)
    text = processor.tokenize(INSTRUCTIONS, torch.rand(3, 7, generator=generator) * 2 - 1)
    return {**text, "pixel_values": processor.normalize(torch.rand(3, 2, 3, 96, 96, generator=generator))}
