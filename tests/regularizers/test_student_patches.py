"""Which positions of a module's output are patches: in outputs that hold each patch's own number, and in a real OpenVLA."""

import pytest
import torch
from torch import nn

from tests.regularizers.toy import make_batch
from vlareg.data import LiberoData
from vlareg.features import FeatureTap
from vlareg.policies.lora import LoRA
from vlareg.regularizers.student_patches import prefix_tokens, student_patches

ENCODERS = ("vision_backbone.featurizer", "vision_backbone.fused_featurizer")
LAST = 3  # of the mini encoders' five blocks, the last that OpenVLA runs


def numbered(views, size=3):
    """Every patch's own number, [batch, views, patches, 1]."""
    return torch.arange(size * views * 4.0).view(size, views, 4, 1)


def in_sequence(batch, patches):
    tokens = torch.full((*batch.condition_mask.shape, 1), -1.0)
    tokens[:, 1 : 1 + 4 * batch.num_views] = patches.flatten(1, 2)
    return tokens


def in_encoder(batch, patches, prefix):
    return torch.cat([torch.full((len(batch) * batch.num_views, prefix, 1), -1.0), patches.flatten(0, 1)], dim=1)


@pytest.mark.parametrize("views", [1, 2])
def test_patches_are_found_in_every_layout(views):
    batch, patches = make_batch(size=3, views=views), numbered(views)
    assert torch.equal(student_patches(in_sequence(batch, patches), batch), patches)
    assert torch.equal(student_patches(patches.flatten(1, 2), batch), patches)
    assert torch.equal(student_patches(patches.flatten(0, 1), batch), patches)
    for prefix in (0, 1, 5):
        assert torch.equal(student_patches(in_encoder(batch, patches, prefix), batch, prefix), patches)
        # The patch embedding stands before the prefix is put on.
        assert torch.equal(student_patches(patches.flatten(0, 1), batch, prefix), patches)


def test_an_encoder_is_not_taken_for_a_sequence_of_the_same_length():
    batch, patches = make_batch(size=3, views=1), numbered(1)
    prefix = batch.condition_mask.shape[1] - 4
    assert torch.equal(student_patches(in_encoder(batch, patches, prefix), batch, prefix), patches)


@pytest.mark.parametrize(
    ("shape", "prefix"),
    [
        ((3, 15, 5), None),  # a token less than the sequence
        ((4, 16, 5), None),  # another batch
        ((3, 16, 5), 1),  # the sequence's shape, but from an encoder
        ((6, 9, 5), None),  # prefix tokens of an encoder that does not tell
        ((6, 9, 5), 1),  # more prefix tokens than it tells
        ((3, 5, 5), 1),  # one of two views
    ],
)
def test_another_layout_is_refused(shape, prefix):
    with pytest.raises(ValueError, match=rf"`here` is \[{shape[0]}, {shape[1]}, 5\], in which .* cannot be found"):
        student_patches(torch.zeros(shape), make_batch(size=3, views=2), prefix, "here")


@pytest.fixture
def batch(checkpoint, demonstrations):
    data = LiberoData(str(checkpoint), demonstrations)
    data.setup()
    return data.train.__getitems__([0, 9, 30])


@pytest.mark.parametrize("lora", [False, True])
def test_prefix_tokens_of_a_real_policy(policy, lora):
    model = LoRA().attach(policy) if lora else policy
    dinov2, siglip = (f"{encoder}.blocks.1" for encoder in ENCODERS)
    assert prefix_tokens(model, dinov2) == 5  # class token and four registers
    assert prefix_tokens(model, f"{dinov2}.mlp") == 5
    assert prefix_tokens(model, siglip) == 0
    assert prefix_tokens(model, "projector") is None
    assert prefix_tokens(model, "language_model.model.layers.0") is None
    with pytest.raises(ValueError, match="Did you mean"):
        prefix_tokens(model, "vision_backbone.featurizer.block.1")


def test_an_encoder_that_is_the_policy_itself():
    encoder = nn.Sequential(nn.Identity())
    encoder.num_prefix_tokens = 2
    assert prefix_tokens(nn.Sequential(encoder), "0.0") == 2


def test_patches_of_the_encoders_are_those_that_the_policy_reads(policy, batch):
    """timm strips class token and registers itself for OpenVLA's vision backbone."""
    layers = [f"{encoder}.blocks.{LAST}" for encoder in ENCODERS]
    with FeatureTap(policy, [*layers, "vision_backbone"]) as tap, torch.no_grad():
        policy(**batch.model_inputs())
    ours = [student_patches(tap[layer], batch, prefix_tokens(policy, layer), layer) for layer in layers]
    assert torch.equal(torch.cat(ours, dim=-1), student_patches(tap["vision_backbone"], batch))


def test_patches_of_the_language_model_are_the_projectors_outputs(policy, batch):
    seen = {}
    block = policy.get_submodule("language_model.model.layers.0")
    handle = block.register_forward_pre_hook(
        lambda module, inputs, keywords: seen.update(tokens=inputs[0] if inputs else keywords["hidden_states"]),
        with_kwargs=True,
    )
    with FeatureTap(policy, ["projector"]) as tap, torch.no_grad():
        policy(**batch.model_inputs())
    handle.remove()
    assert torch.equal(student_patches(seen["tokens"], batch), student_patches(tap["projector"], batch))
