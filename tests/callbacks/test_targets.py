import pytest
import torch

from tests.callbacks.toy import ToyPolicy, random_batch
from vlareg.callbacks.choose import choose
from vlareg.callbacks.targets import action_window, listed_targets
from vlareg.data import LiberoData
from vlareg.functional import ACTIONS, FEATURES
from vlareg.policies.openvla import OpenVLAForActionPrediction
from vlareg.regularizers import TeacherAlignment
from vlareg.teachers import EfficientNetLiteTeacher


def _read(batch):
    return {target.name: target.read(batch, None) for target in listed_targets(ToyPolicy())}


def test_actions_come_whole_without_gripper_and_gripper_alone():
    batch = random_batch()
    values = _read(batch)
    now = batch.actions[:, 0]
    assert torch.equal(values["actions.full"], now)
    assert torch.equal(values["actions.arm"], now[:, :-1])
    assert torch.equal(values["actions.gripper"], now[:, -1:])
    assert torch.equal(values["proprio"], batch.proprio)


def test_a_window_holds_the_current_action_and_those_after_it():
    batch = random_batch()
    window = action_window("actions.arm.next3").read(batch, None)
    assert torch.equal(window, batch.actions[:, :3, :-1].flatten(1))
    assert action_window("actions.arm") is action_window("actions.arm.next0") is action_window("proprio.next2") is None


def test_a_window_longer_than_the_horizon_is_refused():
    with pytest.raises(ValueError, match="needs 4 future actions, but a batch has 3: raise the data's `horizon`"):
        action_window("actions.full.next4").read(random_batch(), None)


def test_quantities_with_units_are_compared_by_distance_and_features_by_angle(checkpoint):
    policy = OpenVLAForActionPrediction.from_pretrained(checkpoint)
    chosen = choose(["actions.*", "actions.full.next2", "proprio", "action_tokens", "llm.0.*"], policy)
    spaces = {item.name: item.space for item in chosen}
    assert {name for name, space in spaces.items() if space == ACTIONS} == {
        "actions.full", "actions.arm", "actions.gripper", "actions.full.next2", "proprio",
    }  # fmt: skip
    assert all(space in (ACTIONS, FEATURES) for space in spaces.values())


def test_action_tokens_are_their_embeddings_side_by_side(checkpoint, demonstrations):
    policy = OpenVLAForActionPrediction.from_pretrained(checkpoint)
    data = LiberoData(str(checkpoint), demonstrations)
    data.setup()
    batch = data.held_out.__getitems__([0, 30])
    (target,) = choose(["action_tokens"], policy)
    embedded = target.read(batch, None).unflatten(1, (7, -1))
    ids = policy.action_tokenizer.ids
    rows = policy.get_input_embeddings()(batch.input_ids[1][(batch.input_ids[1] >= ids.start)])
    torch.testing.assert_close(embedded[1], rows)


def test_the_teacher_of_a_run_is_a_target(checkpoint, demonstrations):
    data = LiberoData(str(checkpoint), demonstrations, augmentation=False)
    data.setup()
    batch = data.held_out.__getitems__([0, 30])
    alignment = TeacherAlignment(["block"], 192, teacher=EfficientNetLiteTeacher(96, -2))
    (target,) = choose(["teacher.features"], ToyPolicy(), [alignment])
    second_view = alignment.teacher(batch.images[:, 1]).features.mean(dim=1)
    torch.testing.assert_close(target.read(batch, None)[:, second_view.shape[1] :], second_view)
