"""What a policy represents: read once, and kept when the policy itself is gone."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float, Int
from torch import Tensor

from vlareg.callbacks.choose import choose
from vlareg.callbacks.extraction_points import extraction_points
from vlareg.callbacks.readings import Readings, read_probe
from vlareg.callbacks.representation import Representation
from vlareg.data import Demonstrations, LiberoData
from vlareg.evaluation.policy import read_config
from vlareg.evaluation.subjects import Subject
from vlareg.policies.openvla import OpenVLAForActionPrediction
from vlareg.shapes import Embeddings
from vlareg.study.instruction_readings import read_instructions

POSITIONS = ("class_token", "patches", "last_prompt")
"""What is read of every block; these positions do not contain the answer."""

LANGUAGE_PLACES = {"LLM at patches": "patches", "LLM at last prompt": "last_prompt"}

ACTION_STATES = "llm.last.teacher_forced_actions"
"""Name of a policy's last hidden states at the action tokens, common to policies of any depth."""

BATCH_SIZE = 32


@dataclass(frozen=True)
class Probe:
    """Which held-out frames are looked at.

    Args:
        data: The demonstrations; their held-out episodes are looked at.
        frames: Upper limit for the number of frames.
        window: Future actions in the windows (environment steps).
    """

    data: Demonstrations
    frames: int = 384
    window: int = 8

    @property
    def targets(self) -> list[str]:
        """Names of what representations are compared with, besides a policy's own."""
        names = ["actions.full", "actions.arm", "actions.gripper"]
        return [*names, *(f"actions.{part}.next{self.window}" for part in ("full", "arm")), "proprio", "action_tokens"]


@dataclass(frozen=True)
class Examined:
    """A policy's representations of the probe frames and of instructions.

    Args:
        subject: The policy.
        points: Where it was read.
        targets: What that is compared with; the last one is its own hidden states at the action tokens.
        readings: One vector per frame of each of them.
        tasks: Task of each frame, counted from 0 in the order of the data's tasks.
        encoders: Names of its vision encoders.
        parameters: Part of the policy -> number of its parameters.
        instructions: Name -> one vector per instruction.
    """

    subject: Subject
    points: tuple[Representation, ...]
    targets: tuple[Representation, ...]
    readings: Readings
    tasks: Int[Tensor, "samples"]
    encoders: tuple[str, ...]
    parameters: dict[str, int]
    instructions: dict[str, Float[Tensor, "sentences dim"]]

    @property
    def places(self) -> dict[str, str]:
        """The points that policies of any depth have in common: label -> name of the last one of its kind."""
        encoders = [f"encoder {number}" for number in range(len(self.encoders))]
        kinds = [kind for encoder in encoders for kind in (encoder, f"{encoder} class token")] + [*LANGUAGE_PLACES]
        return {kind: names[-1] for kind in kinds if (names := self.points_like(kind))}

    def points_like(self, place: str) -> list[str]:
        """Return the names of the points of one kind, from the first block to the last.

        Args:
            place: A label of `places`.
        """
        start = "llm." if place in LANGUAGE_PLACES else f"vision.{place.split()[1]}."
        end = LANGUAGE_PLACES.get(place, "class_token" if place.endswith("class token") else "patches")
        return [point.name for point in self.points if point.name.startswith(start) and point.name.endswith(f".{end}")]


def examine(subject: Subject, probe: Probe, instructions: Sequence[str]) -> Examined:
    """Load a policy, run it once over the probe frames and once over the instructions.

    Args:
        subject: The policy.
        probe: The frames.
        instructions: Sentences; none leaves them out.

    Raises:
        ValueError: If there are too few held-out episodes, or the policy has no such names.
    """
    config = read_config(subject.folder)
    data = LiberoData(
        str(subject.folder),
        probe.data,
        BATCH_SIZE,
        augmentation=config.trained_with_augmentation,
        horizon=probe.window,
        probe_samples=probe.frames,
    )
    data.setup()
    policy = subject.load()
    points = [point for point in extraction_points(policy) if point.name.endswith(POSITIONS)]
    last = len(policy.language_model.model.layers) - 1
    (states,) = choose([f"llm.{last}.teacher_forced_actions"], policy)
    targets = [*choose(probe.targets, policy), replace(states, name=ACTION_STATES)]
    readings = _on_cpu(read_probe(policy, [*points, *targets], data.probe_batches()))
    tasks = torch.tensor([file for file, _ in data.held_out.where])[readings.sample_ids]
    return Examined(
        subject,
        tuple(points),
        tuple(targets),
        readings,
        tasks,
        tuple(config.timm_model_ids or ()),
        _count(policy),
        _read_instructions(policy, data, instructions, int(readings.sample_ids[0])) if instructions else {},
    )


def _read_instructions(
    policy: OpenVLAForActionPrediction, data: LiberoData, instructions: Sequence[str], sample: int
) -> dict[str, Embeddings]:
    """Read instructions before the picture of one of the held-out samples."""
    return read_instructions(
        policy, data.processor, instructions, lambda count: data.held_out.__getitems__([sample] * count)
    )


def _on_cpu(readings: Readings) -> Readings:
    values = {name: value.cpu() for name, value in readings.values.items()}
    return replace(
        readings, values=values, episode_ids=readings.episode_ids.cpu(), sample_ids=readings.sample_ids.cpu()
    )


def _count(policy: OpenVLAForActionPrediction) -> dict[str, int]:
    parts = {name: part for name, part in policy.named_children() if any(True for _ in part.parameters())}
    counts = {name: sum(parameter.numel() for parameter in part.parameters()) for name, part in parts.items()}
    return {**counts, "all": sum(parameter.numel() for parameter in policy.parameters())}
