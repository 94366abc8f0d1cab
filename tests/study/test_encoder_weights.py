import math

import pytest
import torch
from safetensors.torch import load_file

from tests.small_policies import change_weights
from vlareg.study.encoder_weights import weight_change


def test_encoders_in_equal_bits_are_frozen_whatever_the_rest_does(checkpoint, tmp_path):
    other = change_weights(checkpoint, tmp_path / "other", "language_model.")
    found = weight_change(checkpoint, other)
    assert (found.verdict, found.changed, found.relative) == ("frozen", 0, 0.0)
    assert weight_change(checkpoint, other, "language_model.").verdict == "changed"


def test_the_change_is_relative_to_the_first_checkpoint(checkpoint, tuned):
    old, new = (
        torch.cat(
            [w.flatten() for n, w in sorted(load_file(f / "model.safetensors").items()) if n.startswith("vision")]
        )
        for f in (checkpoint, tuned)
    )
    found = weight_change(checkpoint, tuned)
    assert found.verdict == "changed"
    assert found.changed == found.tensors
    assert found.relative == pytest.approx(float((new - old).norm() / old.norm()), rel=1e-4)


def test_weights_without_a_common_tensor_are_not_called_frozen(checkpoint):
    found = weight_change(checkpoint, checkpoint, "nothing.")
    assert found.verdict == "another architecture"
    assert math.isnan(found.relative)
