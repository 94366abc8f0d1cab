"""The layers that are looked at: vision blocks, projector and LLM blocks at the patches."""

from collections.abc import Iterable

from torch import Tensor

from vlareg.batch import VLABatch
from vlareg.callbacks.extraction_points import extraction_points
from vlareg.callbacks.representation import Representation
from vlareg.policies.openvla import OpenVLAForActionPrediction

PROJECTOR = "projector.patches"

LABELS = {"vision.0": "encoder 0", "vision.1": "encoder 1", "projector": "projector", "llm": "LLM at patches"}
"""First part of a layer's name -> what that part of the policy is called."""

LAST_PROMPT = "LLM at last prompt token"


def patch_layers(policy: OpenVLAForActionPrediction) -> list[Representation]:
    """Return the mean over the patches after every block on the way from the pixels to the last hidden state.

    The LLM's attention is causal and patches stand before the instruction, so that no words are in these means.

    Args:
        policy: The policy.
    """
    points = [point for point in extraction_points(policy) if point.name.endswith(".patches")]
    path = next(path for path, module in policy.named_modules() if module is policy.projector)
    at = sum(point.name.startswith("vision.") for point in points)
    return [*points[:at], Representation(PROJECTOR, _mean, path), *points[at:]]


def prompt_layers(policy: OpenVLAForActionPrediction) -> list[Representation]:
    """Return the state of every LLM block at the token from which the first action is decoded.

    Args:
        policy: The policy.
    """
    return [point for point in extraction_points(policy) if point.name.endswith(".last_prompt")]


def group_layers(names: Iterable[str]) -> dict[str, list[str]]:
    """Sort layers into the parts of a policy.

    Args:
        names: Names of layers.

    Returns:
        Name of the part -> its layers, in order.

    Example:
        >>> group_layers(["vision.0.block0.patches", "llm.0.patches", "llm.1.patches"])
        {'encoder 0': ['vision.0.block0.patches'], 'LLM at patches': ['llm.0.patches', 'llm.1.patches']}
    """
    groups: dict[str, list[str]] = {}
    for name in names:
        part = next(label for start, label in LABELS.items() if name.startswith(f"{start}."))
        groups.setdefault(LAST_PROMPT if name.endswith(".last_prompt") else part, []).append(name)
    return groups


def short_name(name: str) -> str:
    """Return a layer's name within its part, counted from 0.

    Args:
        name: The layer.

    Example:
        >>> short_name("vision.0.block3.patches"), short_name("projector.patches"), short_name("llm.2.patches")
        ('3', 'out', '2')
    """
    return name.split(".")[-2].removeprefix("block").replace("projector", "out")


def middle_layer(names: Iterable[str]) -> str:
    """Return the LLM's middle block at the patches: block 16 of 32, where alignment with a teacher is done.

    Args:
        names: Names of layers.

    Example:
        >>> middle_layer([f"llm.{i}.patches" for i in range(32)])
        'llm.15.patches'
    """
    blocks = [name for name in names if name.startswith("llm.") and name.endswith(".patches")]
    return blocks[(len(blocks) - 1) // 2]


def _mean(batch: VLABatch, tokens: Tensor | None) -> Tensor:
    assert tokens is not None
    return tokens.float().mean(dim=1)
