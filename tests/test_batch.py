from dataclasses import replace

import torch

from vlareg.batch import VLABatch


def _batch() -> VLABatch:
    """Two rows: prompts of 3 and 2 tokens (with `<s>`), one action token and the stop token, padding."""
    ids = torch.tensor([[1, 5, 6, 90, 2], [1, 5, 91, 2, 0]])
    labels = torch.tensor([[-100, -100, -100, 90, 2], [-100, -100, 91, 2, -100]])
    return VLABatch(
        ids, torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 1, 0]]).bool(), labels, torch.zeros(2, 12, 4, 4), torch.zeros(2, 2, 3, 4, 4),
        torch.zeros(2, 8), torch.zeros(2, 1, 7), torch.tensor([0, 1]), torch.tensor([0, 1]), patches_per_view=2,
    )  # fmt: skip


def test_the_condition_is_patches_and_prompt_without_answer_and_padding():
    assert _batch().condition_mask.int().tolist() == [[1, 1, 1, 1, 1, 1, 1, 0, 0], [1, 1, 1, 1, 1, 1, 0, 0, 0]]


def test_the_last_prompt_position_is_the_one_before_the_first_action_token():
    batch = _batch()
    assert batch.last_prompt_position.tolist() == [6, 5]
    first_answer = (batch.labels != -100).int().argmax(dim=1) + batch.num_views * batch.patches_per_view
    assert (batch.last_prompt_position + 1 == first_answer).all()


def test_views_follow_one_another_behind_position_0():
    assert _batch().view_slices == (slice(1, 3), slice(3, 5))


def test_moving_keeps_what_is_no_tensor():
    moved = _batch().to("meta")
    assert moved.pixel_values.device.type == "meta"
    assert moved.patches_per_view == 2
    assert moved.model_inputs().keys() == {"input_ids", "attention_mask", "pixel_values", "labels"}


def test_every_view_of_a_sample_has_its_box():
    batch = _batch()
    assert batch.view_boxes is None
    boxes = torch.tensor([[0.0, 0.0, 0.5, 0.5], [0.1, 0.2, 0.9, 1.0]])
    cropped = replace(batch, boxes=boxes).to("cpu")
    torch.testing.assert_close(cropped.view_boxes, boxes[[0, 0, 1, 1]])
