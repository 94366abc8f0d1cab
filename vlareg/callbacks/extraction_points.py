"""Where a policy's representation can be read, by name."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from typing import cast

from peft import PeftModel
from timm.models.vision_transformer import VisionTransformer
from torch import Tensor, nn

from vlareg.batch import VLABatch
from vlareg.callbacks.positions import POSITIONS, mean_at
from vlareg.callbacks.representation import Read, Representation
from vlareg.features import resolve_path
from vlareg.policies.openvla import OpenVLAForActionPrediction
from vlareg.regularizers import RSCL


def extraction_points(policy: nn.Module, regularizers: Iterable[nn.Module] = ()) -> list[Representation]:
    """List every place of an OpenVLA where a representation can be read in one forward pass.

    - `vision.{encoder}.block{i}.class_token`, where the encoder has one (DINOv2 does, SigLIP does not), and
      `vision.{encoder}.block{i}.patches`, their mean without class token and registers; with several views, the views'
      vectors side by side. Only blocks that the policy runs.
    - `llm.{i}.{positions}`, the mean of block i's output over positions: `patches`, `last_prompt` (from which the first
      action token is decoded), `condition` (patches and prompt), and `teacher_forced_actions`, where the model has been
      told the answer: a target, not evidence of what it knows.
    - `{regularizer}.condition`, `.summary` and `.z` of each RS-CL: the mean of the tokens that it taps, what its adapter
      makes of them, and the vector that it compares.

    Args:
        policy: The policy, bare or with adapters; of another kind than OpenVLA it has no listed points.
        regularizers: Regularizers on that policy.
    """
    openvla = openvla_in(policy)
    points = [*_vision_points(openvla), *_language_points(openvla)] if openvla else []
    for regularizer in regularizers:
        if isinstance(regularizer, RSCL):
            points += _contrastive_points(regularizer)
    return points


def point_at(policy: nn.Module, name: str) -> Representation | None:
    """Return the point `{module path}.{positions}` of any policy whose sequence is `VLABatch`'s, None if it is none.

    Args:
        policy: The policy.
        name: For example `language_model.model.layers.3.condition`.
    """
    path, _, positions = name.rpartition(".")
    if positions not in POSITIONS:
        return None
    try:
        resolve_path(policy, path)
    except ValueError:
        return None
    return Representation(name, mean_at(positions), path)


def openvla_in(policy: nn.Module) -> OpenVLAForActionPrediction | None:
    """Return the OpenVLA that a policy is, or that has its adapters; None if it is another.

    Args:
        policy: The policy.
    """
    bare = policy.get_base_model() if isinstance(policy, PeftModel) else policy
    return bare if isinstance(bare, OpenVLAForActionPrediction) else None


def encoders_without_class_token(policy: nn.Module) -> list[str]:
    """Return the names of the vision encoders that have no class token.

    Args:
        policy: The policy.
    """
    openvla = openvla_in(policy)
    encoders = openvla.vision_backbone.encoders if openvla else []
    return [f"vision.{i}" for i, encoder in enumerate(encoders) if not encoder.has_class_token]


def _vision_points(policy: OpenVLAForActionPrediction) -> Iterator[Representation]:
    unread = policy.vision_backbone.unread_modules()
    paths = {module: path for path, module in policy.named_modules()}
    for number, encoder in enumerate(policy.vision_backbone.encoders):
        for i, block in enumerate(encoder.blocks):
            if not any(block is module for module in unread):
                name, path = f"vision.{number}.block{i}", paths[block]
                if encoder.has_class_token:
                    yield Representation(f"{name}.class_token", _class_token, path)
                yield Representation(f"{name}.patches", _patch_mean(encoder), path)


def _language_points(policy: OpenVLAForActionPrediction) -> Iterator[Representation]:
    paths = {module: path for path, module in policy.named_modules()}
    for i, block in enumerate(cast(Sequence[nn.Module], policy.language_model.model.layers)):
        for positions in POSITIONS:
            yield Representation(f"llm.{i}.{positions}", mean_at(positions), paths[block])


def _contrastive_points(rscl: RSCL) -> list[Representation]:
    def summary(batch: VLABatch, tokens: Tensor | None) -> Tensor:
        w: Tensor = rscl.adapter(tokens, batch.condition_mask)
        return w

    def z(batch: VLABatch, tokens: Tensor | None) -> Tensor:
        assert tokens is not None
        return rscl.represent(tokens, batch.condition_mask)

    reads = {"condition": mean_at("condition"), "summary": summary, "z": z}
    watch = getattr(rscl.adapter, "watch", nullcontext)
    return [Representation(f"{rscl.name}.{key}", read, rscl.layers[0], watch=watch) for key, read in reads.items()]


def _class_token(batch: VLABatch, tokens: Tensor | None) -> Tensor:
    assert tokens is not None
    return _by_view(batch, tokens)[:, :, 0].flatten(1)


def _patch_mean(encoder: VisionTransformer) -> Read:
    prefix = encoder.num_prefix_tokens  # class token and registers

    def read(batch: VLABatch, tokens: Tensor | None) -> Tensor:
        assert tokens is not None
        return _by_view(batch, tokens)[:, :, prefix:].float().mean(dim=2).flatten(1)

    return read


def _by_view(batch: VLABatch, tokens: Tensor) -> Tensor:
    return tokens.reshape(len(batch), batch.num_views, *tokens.shape[1:])
