import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

from vlareg.policies.openvla import OpenVLAForActionPrediction, OpenVLAProcessor
from vlareg.regularizers import PolicyEncoderTeacher


def test_its_features_are_those_the_policys_projector_reads(checkpoint):
    teacher = PolicyEncoderTeacher(checkpoint)
    policy = OpenVLAForActionPrediction.from_pretrained(checkpoint).eval()
    images = torch.rand(2, 2, 3, 96, 96)
    with torch.no_grad():
        read = policy.vision_backbone(OpenVLAProcessor.from_pretrained(checkpoint).normalize(images))
    features, grid = teacher(images.flatten(0, 1))
    assert grid == (6, 6)
    torch.testing.assert_close(features.reshape_as(read), read)


def test_building_it_leaves_the_global_random_state_alone(checkpoint):
    state = torch.get_rng_state()
    PolicyEncoderTeacher(checkpoint)
    assert torch.equal(torch.get_rng_state(), state)


def test_it_is_never_random(checkpoint, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"config\.json is absent"):
        PolicyEncoderTeacher(tmp_path)
    folder = tmp_path / "policy"
    shutil.copytree(checkpoint, folder)
    weights = load_file(folder / "model.safetensors")
    lost = next(name for name in weights if name.startswith("vision_backbone.fused_featurizer"))
    save_file({name: w for name, w in weights.items() if name != lost}, folder / "model.safetensors")
    with pytest.raises(ValueError, match=r"do not fit its config\.json"):
        PolicyEncoderTeacher(folder)
    (folder / "model.safetensors").unlink()
    with pytest.raises(FileNotFoundError, match=r"no \*\.safetensors"):
        PolicyEncoderTeacher(folder)
