import numpy as np
import pytest

from tests.diagnose.conftest import fake_scenes
from vlareg.diagnose.scenes import BOX, box_overlap, instructed_scenes
from vlareg.policies.openvla import OpenVLAProcessor


@pytest.fixture
def processor(checkpoint):
    return OpenVLAProcessor.from_pretrained(checkpoint)


@pytest.mark.parametrize("crops", [True, False])
def test_the_object_is_where_the_scene_says_in_what_the_policy_sees(processor, scenes_without_simulator, crops):
    processor.config.trained_with_augmentation = crops
    scenes = instructed_scenes(10, 0, processor)
    assert len(scenes) == 10
    for scene in scenes:
        bright = np.argwhere(scene.frames[0].min(axis=-1) > 200)
        np.testing.assert_allclose((bright.mean(axis=0) + 0.5) / 96, scene.centre[::-1], atol=0.015)
        assert scene.instruction == f"put the {scene.thing.name} on the white plate"


def test_scenes_are_seeded_and_a_longer_list_begins_alike(processor, scenes_without_simulator):
    names = [[scene.centre for scene in instructed_scenes(6, seed, processor)] for seed in (0, 0, 1)]
    assert names[0] == names[1] != names[2]


def test_policies_that_crop_and_others_are_asked_the_same(processor, scenes_without_simulator):
    asked = []
    for crops in (True, False):
        processor.config.trained_with_augmentation = crops
        asked.append(instructed_scenes(40, 0, processor))
    one, other = asked
    assert [scene.thing for scene in one] == [scene.thing for scene in other]
    assert all(first.centre != second.centre for first, second in zip(one, other, strict=True))


def test_objects_that_nobody_sees_are_not_asked_about(processor, monkeypatch):
    def hidden(count, seed, signs):
        scenes = fake_scenes(count, seed)
        scenes["visible"][::2, 0] = False
        return scenes

    monkeypatch.setattr("vlareg.diagnose.scenes.render_scenes", hidden)
    assert {scene.thing.kind for scene in instructed_scenes(10, 0, processor)} == {"block"}


def test_a_policy_with_more_views_than_cameras_is_refused(processor, scenes_without_simulator):
    processor.config.num_views = 3
    with pytest.raises(ValueError, match="Scenes have 2 views, the policy 3"):
        instructed_scenes(2, 0, processor)


def test_a_box_covers_its_area_wherever_it_is():
    for centre in ((0.5, 0.5), (0.31, 0.77)):
        overlap = box_overlap(centre, BOX, (4, 7))
        assert overlap.shape == (4, 7)
        assert overlap.sum() / 28 == pytest.approx(BOX**2)
    assert box_overlap((0.9, 0.1), 0.1, (2, 2)).argmax() == 1
