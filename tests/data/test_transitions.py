from dataclasses import replace

import numpy as np
import pytest
import torch

from vlareg.data import LiberoData
from vlareg.data.augmentation import crop, crop_boxes
from vlareg.data.sampler import Draw


@pytest.fixture
def data(checkpoint, demonstrations):
    data = LiberoData(str(checkpoint), demonstrations, batch_size=4, horizon=3)
    data.prepare_data()
    data.setup()
    return data


def seen(data, batch):
    """What the policy sees, as raw pixels."""
    (mean, *_), (std, *_) = data.processor.means.tolist(), data.processor.stds.tolist()
    first_encoder = batch.pixel_values.unflatten(1, (batch.num_views, -1, 3))[:, :, 0]
    return first_encoder * torch.tensor(std).view(3, 1, 1) + torch.tensor(mean).view(3, 1, 1)


def test_the_split_is_by_episode_and_nothing_is_lost(data):
    train, held_out = set(data.train.episodes), set(data.held_out.episodes)
    assert train == {0, 1, 2, 5, 6, 7}
    assert held_out == {3, 4, 8, 9}
    assert len(data.train) == 2 * (7 + 8 + 9)
    assert len(data.held_out) == 2 * (10 + 11)


def test_statistics_are_of_the_training_split_alone(data):
    statistics = data.statistics
    assert statistics["num_transitions"] == len(data.train)
    assert statistics["num_trajectories"] == 6
    np.testing.assert_allclose(statistics["action"]["min"], data.train.actions.min(axis=0))
    assert statistics["action"]["mask"] == [True] * 6 + [False]
    assert data.held_out.statistics is data.train.statistics


def test_the_gripper_is_one_when_open_and_zero_when_closed(data):
    assert set(np.unique(data.train.actions[:, 6])) == {0.0, 1.0}
    first_of_an_episode = np.flatnonzero(np.diff(data.train.episodes, prepend=-1))
    # The files hold expert_actions = -actions, and actions start at -1: closing.
    np.testing.assert_array_equal(data.train.actions[first_of_an_episode, 6], 0.0)


def test_a_chunk_stays_within_its_episode(data):
    last = int(np.flatnonzero(np.diff(data.train.episodes))[0])
    chunk = data.train.__getitems__([last - 1]).actions[0]
    torch.testing.assert_close(chunk[1], chunk[2])
    torch.testing.assert_close(chunk[1], torch.from_numpy(data.train.actions[last]))


def test_a_batch_fits_the_model_and_its_labels_decode_to_its_actions(data):
    batch = data.train.__getitems__([0, 5, 30])
    assert batch.pixel_values.shape == (3, 12, 96, 96)
    assert batch.images.shape == (3, 2, 3, 96, 96)
    assert batch.condition_mask.shape[1] == batch.input_ids.shape[1] + 2 * batch.patches_per_view
    assert (batch.labels != -100).sum(dim=1).tolist() == [8, 8, 8]
    from vlareg.policies.openvla import unnormalize_actions

    tokens = batch.labels[batch.labels != -100].view(3, 8)[:, :7]
    decoded = unnormalize_actions(data.processor.action_tokenizer.decode(tokens.numpy()), data.statistics["action"])
    inside = (batch.actions[:, 0].numpy() >= data.statistics["action"]["q01"]) & (
        batch.actions[:, 0].numpy() <= data.statistics["action"]["q99"]
    )
    widths = np.subtract(data.statistics["action"]["q99"], data.statistics["action"]["q01"])
    error = np.abs(decoded - batch.actions[:, 0].numpy()) / widths
    assert error[:, :6][inside[:, :6]].max() < 0.5 / 255 + 1e-3


def test_augmentation_depends_on_the_position_and_not_on_the_batch(data):
    alone = data.train.__getitems__([Draw(3, 17)])
    together = data.train.__getitems__([Draw(1, 16), Draw(3, 17)])
    elsewhere = data.train.__getitems__([Draw(3, 18)])
    torch.testing.assert_close(seen(data, alone)[0], seen(data, together)[1])
    torch.testing.assert_close(alone.boxes[0], together.boxes[1])
    assert not torch.allclose(seen(data, alone), seen(data, elsewhere), atol=0.02)
    assert not torch.allclose(alone.boxes, elsewhere.boxes)


def test_held_out_images_are_cropped_as_at_roll_out(data):
    assert data.processor.config.trained_with_augmentation
    row = data.held_out.frames[0][data.held_out.where[0][1]]
    cropped = torch.from_numpy(data.processor.centre_crop(np.asarray(row))).movedim(-1, 1).float() / 255
    batch = data.held_out.__getitems__([0])
    torch.testing.assert_close(seen(data, batch)[0], cropped)
    torch.testing.assert_close(batch.boxes, crop_boxes(torch.full((1, 2), 0.5)))


def test_the_centre_crop_of_roll_outs_shows_the_box_that_is_said(data):
    columns, rows = np.meshgrid(np.linspace(0, 255, 96), np.linspace(0, 255, 96))
    frames = np.stack([columns, rows, columns], axis=-1).astype(np.uint8)[None]
    cropped = torch.from_numpy(data.processor.centre_crop(frames)).movedim(-1, 1).float()
    whole = torch.from_numpy(frames).movedim(-1, 1).float()[:, None]
    by_box = crop(whole, crop_boxes(torch.full((1, 2), 0.5)))[:, 0]
    assert float((cropped - by_box).abs().max()) < 1.5  # both round to whole numbers


def test_teachers_see_whole_frames_without_augmentation(data, checkpoint):
    batches = [data.train.__getitems__([Draw(3, position)]) for position in (17, 18)]
    row = data.train.frames[0][data.train.where[3][1]]
    whole = torch.from_numpy(np.array(row)).movedim(-1, 1).float() / 255
    for batch in batches:
        assert torch.equal(batch.images[0], whole)
    assert torch.equal(data.train.whole_images([3])[0], whole)
    without = LiberoData(str(checkpoint), data.demonstrations, augmentation=False)
    without.setup()
    batch = without.train.__getitems__([3])
    assert batch.boxes is None
    torch.testing.assert_close(seen(without, batch), batch.images)


def test_splits_and_data_sets_have_different_fingerprints(data, checkpoint):
    fewer = LiberoData(str(checkpoint), replace(data.demonstrations, train_episodes=2), batch_size=2, seed=5)
    again = LiberoData(str(checkpoint), data.demonstrations, batch_size=2, seed=5)
    for other in (fewer, again):
        other.setup()
    assert [split.fingerprint for split in again.splits] == [split.fingerprint for split in data.splits]
    assert len({split.fingerprint for other in (data, fewer) for split in other.splits}) == 4
    assert data.train.__getitems__([0]).dataset == data.train.fingerprint
    assert data.held_out.__getitems__([0]).dataset == data.held_out.fingerprint


def test_pixels_are_in_the_fingerprint(data):
    before = data.train._fingerprint()
    first, last = (np.array(frames) for frames in data.train.frames)
    last[data.train.where[-1][1], 1, 5, 5, 0] += 1
    data.train.frames = [first, last]
    assert data.train._fingerprint() != before


def test_too_few_episodes_are_refused(checkpoint, demonstrations):
    data = LiberoData(str(checkpoint), replace(demonstrations, train_episodes=4))
    with pytest.raises(ValueError, match=r"has 5 episodes, but train_episodes \+ validation_episodes = 6"):
        data.prepare_data()
