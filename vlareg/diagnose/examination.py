"""What is read of one policy, and kept when the policy itself is gone."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from vlareg.callbacks.readings import Readings, read_probe
from vlareg.callbacks.representation import Representation
from vlareg.diagnose.layers import patch_layers, prompt_layers
from vlareg.diagnose.material import Material
from vlareg.diagnose.policy_inputs import Prepared, policy_batch
from vlareg.diagnose.scene_readings import SceneReadings, read_scenes
from vlareg.diagnose.scenes import Scene
from vlareg.evaluation.subjects import Subject
from vlareg.policies.openvla import OpenVLAForActionPrediction, OpenVLAProcessor
from vlareg.shapes import Embeddings

PROMPT = "do nothing"
"""Instruction beside pictures that are no task's; the patches before it do not see it."""

BATCH = 40
"""Pictures at a time."""


@dataclass(frozen=True)
class Examined:
    """What was read of a policy.

    Args:
        subject: The policy.
        pictures: Set of pictures -> layer -> one vector per picture.
        frames: Held-out frames of the demonstrations: layer -> one vector per frame.
        scenes: Tabletops with instructions, as the policy sees them.
        words: What the words for an object look at and become in them.
    """

    subject: Subject
    pictures: dict[str, dict[str, Embeddings]]
    frames: Readings
    scenes: Sequence[Scene]
    words: SceneReadings


def examine(subject: Subject, material: Material) -> Examined:
    """Load a policy and show it everything.

    Args:
        subject: The policy.
        material: What it is shown.
    """
    policy = subject.load()
    layers = patch_layers(policy)
    pictures = {name: _look(policy, layers, material.processor, shown) for name, shown in material.pictures.items()}
    frames = _on_cpu(read_probe(policy, [*layers, *prompt_layers(policy)], material.data.probe_batches()))
    words = read_scenes(policy, material.processor, material.scenes)
    return Examined(subject, pictures, frames, material.scenes, words)


def _look(
    policy: OpenVLAForActionPrediction, layers: Sequence[Representation], processor: OpenVLAProcessor, shown: Prepared
) -> dict[str, Embeddings]:
    """Show pictures, the same in all views."""
    views = processor.config.num_views
    parts = (shown[i : i + BATCH, None].repeat(views, axis=1) for i in range(0, len(shown), BATCH))
    firsts = range(0, len(shown), BATCH)
    batches = (policy_batch(processor, p, [PROMPT] * len(p), first) for p, first in zip(parts, firsts, strict=True))
    return _on_cpu(read_probe(policy, layers, batches)).values


def _on_cpu(readings: Readings) -> Readings:
    values = {name: value.cpu() for name, value in readings.values.items()}
    return replace(
        readings, values=values, episode_ids=readings.episode_ids.cpu(), sample_ids=readings.sample_ids.cpu()
    )
