"""All numbers of a diagnosis."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vlareg.data.image_set import ImageSet
from vlareg.diagnose.attention_scores import AttentionScores, score_attention
from vlareg.diagnose.drift import LayerScores, score_layers
from vlareg.diagnose.examination import Examined
from vlareg.diagnose.options import Options
from vlareg.diagnose.policy_inputs import Prepared
from vlareg.diagnose.probing import ProbeScores, chance_of, pixel_features, probe_layers, score_probes
from vlareg.diagnose.projections import pca
from vlareg.diagnose.scenes import Scene
from vlareg.diagnose.separation import between_groups
from vlareg.evaluation.subjects import RANDOM_NAME
from vlareg.shapes import Embeddings


@dataclass(frozen=True)
class WordScores:
    """How a block's states at the words for an object are arranged.

    Args:
        between_kinds: Share of their variance that is between kinds of objects (dimensionless, 0 for kinds drawn by lot).
        between_colors: The same for colours.
        pca_kept: Share of their variance that the first two principal components keep, in [0, 1].
    """

    between_kinds: float
    between_colors: float
    pca_kept: float


@dataclass(frozen=True)
class Findings:
    """All numbers of a diagnosis.

    Args:
        base: Name of the policy before fine-tuning.
        chance: Set of pictures -> accuracy of the most frequent class.
        pixels: Probes of the pixels.
        probes: Policy -> layer -> its probes.
        layers: Policy -> layer -> its spread and drift.
        attention: Policy -> for each block where the words for an object look.
        words: Policy -> for each block how the states at these words are arranged.
    """

    base: str
    chance: dict[str, float]
    pixels: ProbeScores
    probes: dict[str, dict[str, ProbeScores]]
    layers: dict[str, dict[str, LayerScores]]
    attention: dict[str, list[AttentionScores]]
    words: dict[str, list[WordScores]]

    @property
    def names(self) -> list[str]:
        """Names of the policies."""
        return [*self.probes]

    @property
    def given(self) -> list[str]:
        """Names of the policies without the untrained one."""
        return [name for name in self.names if name != RANDOM_NAME]


def find(
    examined: Sequence[Examined],
    base: str,
    sets: Sequence[ImageSet],
    pixels: Mapping[str, Prepared],
    options: Options,
) -> Findings:
    """Compute all numbers.

    Args:
        examined: The policies, all shown the same.
        base: Name of the one before fine-tuning.
        sets: The pictures.
        pixels: Set -> the pictures as the base gets them.
        options: Seed of the splits, neighbours of CKNNA, halvings of the episodes.
    """
    policies = {policy.subject.name: policy for policy in examined}
    seen = {name: {"pixels": pixel_features(pictures)} for name, pictures in pixels.items()}
    right = {name: probe_layers(sets, policy.pictures, options.seed) for name, policy in policies.items()}
    before = {name: right[base] if name != base else {} for name in policies}
    frames = {name: policies[base].frames if name != base else None for name in policies}
    return Findings(
        base,
        {images.name: chance_of(images, options.seed) for images in sets},
        score_probes(probe_layers(sets, seen, options.seed)["pixels"]),
        {
            name: {layer: score_probes(part, before[name].get(layer)) for layer, part in layers.items()}
            for name, layers in right.items()
        },
        {
            name: score_layers(policy.frames, frames[name], options.k, options.halvings)
            for name, policy in policies.items()
        },
        {name: score_attention(policy.words.attention, policy.scenes) for name, policy in policies.items()},
        {name: [_words(states, policy.scenes) for states in policy.words.states] for name, policy in policies.items()},
    )


def _words(states: Embeddings, scenes: Sequence[Scene]) -> WordScores:
    kinds, colors = [scene.thing.kind for scene in scenes], [scene.thing.color for scene in scenes]
    return WordScores(between_groups(states, kinds), between_groups(states, colors), pca(states)[1])
