import shutil
from pathlib import Path

import pytest
import torch

from vlareg.evaluation.subjects import RANDOM_NAME, list_subjects, short_names


def test_the_untrained_policy_has_the_first_checkpoints_shape_and_other_weights(checkpoint, tmp_path):
    tuned = shutil.copytree(checkpoint, tmp_path / "tuned")
    untrained, start, other = list_subjects([checkpoint, tuned], seed=3)
    assert (untrained.name, untrained.folder, start.folder, other.folder) == (
        RANDOM_NAME,
        checkpoint,
        checkpoint,
        tuned,
    )
    random, trained = untrained.load().state_dict(), start.load().state_dict()
    assert random.keys() == trained.keys()
    assert not torch.equal(random["projector.fc1.weight"], trained["projector.fc1.weight"])


def test_the_untrained_policy_is_always_the_same(checkpoint):
    one, two = (list_subjects([checkpoint], seed=3)[0].load().state_dict() for _ in range(2))
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_equal_names_are_told_apart_by_their_paths():
    assert short_names([Path("a/policy"), Path("b/policy"), Path("c/x")]) == ["a", "b", "x"]
    assert short_names([Path("a/x"), Path("b/x"), Path("random weights")]) == ["a/x", "b/x", "random weights"]


def test_a_checkpoint_given_twice_is_refused(checkpoint):
    with pytest.raises(ValueError, match="`checkpoints` must be one or more different folders"):
        list_subjects([checkpoint, checkpoint / "."])
    with pytest.raises(ValueError, match="`checkpoints` must be one or more different folders"):
        list_subjects([])
