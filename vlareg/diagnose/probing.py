"""Linear probes of every layer of every policy, beside probes of the pixels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from vlareg.data.image_set import ImageSet
from vlareg.diagnose.estimate import Estimate, mean, rate
from vlareg.diagnose.linear_probe import probe, split_classes
from vlareg.diagnose.policy_inputs import Prepared
from vlareg.shapes import Embeddings

Right = Mapping[str, Bool[Tensor, "test"]]
"""Set of pictures -> which of its test pictures a probe gets right."""


@dataclass(frozen=True)
class ProbeScores:
    """How many test pictures the probes of one layer get right.

    Args:
        sets: Set of pictures -> accuracy, with its Wilson interval.
        mean: Mean over the sets. Its interval is Wilson's of all test pictures together, which is no shorter than that of the
            mean where sets are equally large; NaN where they are not.
        gain: Accuracy less the base's on the same pictures, over all test pictures; None for the base itself.
    """

    sets: dict[str, Estimate]
    mean: Estimate
    gain: Estimate | None = None


def chance_of(images: ImageSet, seed: int) -> float:
    """Return the accuracy of always naming the test half's most frequent class.

    Args:
        images: The pictures.
        seed: Of the split.
    """
    labels = images.labels[split_classes(images.labels, seed).test]
    return float(labels.bincount().max()) / len(labels)


def probe_layers(
    sets: Sequence[ImageSet], features: Mapping[str, Mapping[str, Embeddings]], seed: int
) -> dict[str, dict[str, Bool[Tensor, "test"]]]:
    """Probe every layer on every set.

    Args:
        sets: The pictures.
        features: Set -> layer -> one vector per picture.
        seed: Of the splits, the same for all layers and policies.

    Returns:
        Layer -> set -> which test pictures are right.
    """
    splits = {images.name: split_classes(images.labels, seed) for images in sets}
    layers = features[sets[0].name]
    return {
        layer: {
            images.name: probe(features[images.name][layer], images.labels, splits[images.name], seed)
            for images in sets
        }
        for layer in layers
    }


def pixel_features(pictures: Prepared) -> Float[Tensor, "pictures values"]:
    """Return pictures as vectors of pixels in [0, 1].

    Args:
        pictures: The pictures, as a policy gets them.
    """
    return torch.from_numpy(pictures).flatten(1).float() / 255


def score_probes(right: Right, base: Right | None = None) -> ProbeScores:
    """Count what probes of one layer get right.

    Args:
        right: Which test pictures are.
        base: Which ones are with the base's same layer.
    """
    sets = {name: rate(int(part.sum()), len(part)) for name, part in right.items()}
    everything = torch.cat(list(right.values()))
    pooled = rate(int(everything.sum()), len(everything))
    if len({score.n for score in sets.values()}) > 1:
        value = sum(score.value for score in sets.values()) / len(sets)
        pooled = Estimate(value, torch.nan, torch.nan, len(everything))
    if base is None:
        return ProbeScores(sets, pooled)
    before = torch.cat([base[name] for name in right])
    return ProbeScores(sets, pooled, mean(everything.double() - before.double()))
