"""Points of a real OpenVLA with two views and two blocks."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from vlareg.callbacks.evaluating import evaluating
from vlareg.callbacks.extraction_points import encoders_without_class_token, extraction_points, point_at
from vlareg.callbacks.readings import read_probe
from vlareg.data import LiberoData
from vlareg.policies.lora import LoRA
from vlareg.regularizers import RSCL, UpperBlocksAdapter

LAYER = "language_model.model.layers.1"


@pytest.fixture
def batch(checkpoint, demonstrations):
    data = LiberoData(str(checkpoint), demonstrations)
    data.setup()
    return data.held_out.__getitems__([0, 3, 25, 30])


def _read(policy, batch, regularizers=()):
    points = extraction_points(policy, regularizers)
    with evaluating(policy, *regularizers):
        return read_probe(policy, points, [batch]).values


def test_the_list_has_class_tokens_of_dinov2_only_and_no_block_that_does_not_run(policy):
    names = {point.name for point in extraction_points(policy)}
    blocks = {f"vision.{e}.block{i}" for e in range(2) for i in range(4)}
    llm = {f"llm.{i}.{p}" for i in range(2) for p in ("patches", "last_prompt", "condition", "teacher_forced_actions")}
    patches, classes = {f"{b}.patches" for b in blocks}, {f"vision.0.block{i}.class_token" for i in range(4)}
    assert names == patches | classes | llm
    assert encoders_without_class_token(policy) == ["vision.1"]


def test_patch_means_leave_out_class_token_and_registers(policy, batch):
    """They are the means of what the policy itself reads, which timm strips of class token and registers."""
    values = _read(policy, batch)
    with torch.no_grad():
        seen = policy.vision_backbone(batch.pixel_values).unflatten(1, (2, 36)).mean(dim=2)
    ours = torch.stack([values[f"vision.{i}.block3.patches"].unflatten(1, (2, 128)) for i in range(2)], dim=2)
    torch.testing.assert_close(ours.flatten(2), seen)


def test_the_class_token_is_the_first_token_of_each_view(policy, batch):
    values = _read(policy, batch)
    view = batch.pixel_values.unflatten(1, (2, 2, 3))[:, 1, 0]
    with torch.no_grad():
        tokens = policy.vision_backbone.featurizer.forward_intermediates(
            view, indices=[2], output_fmt="NLC", intermediates_only=True, return_prefix_tokens=True
        )
    torch.testing.assert_close(values["vision.0.block2.class_token"][:, 128:], tokens[0][1][:, 0])


def test_the_first_action_token_is_decoded_from_the_last_prompt_position(policy, batch):
    state = _read(policy, batch)["llm.1.last_prompt"]
    with torch.no_grad():
        logits = policy.language_model.lm_head(policy.language_model.model.norm(state))
        expected = policy(**batch.model_inputs()).logits.unflatten(0, (4, -1))[:, 0]
    torch.testing.assert_close(logits, expected, atol=1e-4, rtol=1e-4)


def test_only_the_teacher_forced_positions_see_the_answer(policy, batch):
    told = batch.labels != -100
    other = replace(batch, input_ids=torch.where(told, batch.input_ids.flip(0), batch.input_ids))
    before, after = _read(policy, batch), _read(policy, other)
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed == {"llm.0.teacher_forced_actions", "llm.1.teacher_forced_actions"}


@pytest.mark.parametrize(("layer", "adapter"), [(1, None), (0, UpperBlocksAdapter(192, first_block=1))])
def test_the_points_of_rs_cl_are_what_it_taps_sums_up_and_compares(policy, batch, layer, adapter):
    torch.manual_seed(0)
    path = f"language_model.model.layers.{layer}"
    rscl = RSCL(path, 192, adapter=adapter).train()
    values = _read(policy, batch, [rscl])
    assert torch.equal(values["rscl.condition"], values[f"llm.{layer}.condition"])
    with rscl.watch(policy), torch.no_grad():
        policy(**batch.model_inputs())
    with torch.no_grad():
        w = rscl.adapter(rscl._features[path], batch.condition_mask)
        torch.testing.assert_close(values["rscl.summary"], w)
        torch.testing.assert_close(values["rscl.z"], rscl.eval().projector(w))


def test_adapters_do_not_change_the_names(policy, batch):
    values = _read(policy, batch)
    adapted = LoRA().attach(policy)
    with_adapters = _read(adapted, batch)
    assert values.keys() == with_adapters.keys()
    torch.testing.assert_close(values["llm.1.condition"], with_adapters["llm.1.condition"])


def test_another_policy_has_points_by_module_path():
    policy = nn.ModuleDict({"trunk": nn.ModuleList([nn.Identity()])})
    assert extraction_points(policy) == []
    assert point_at(policy, "trunk.0.condition").path == "trunk.0"
    assert point_at(policy, "trunk.1.condition") is None
    assert point_at(policy, "trunk.0.class_token") is None
