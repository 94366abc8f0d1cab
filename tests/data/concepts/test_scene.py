import numpy as np
import pytest

from tests.data.concepts.small_scenes import SEED, SIGNS, TABLETOPS
from vlareg.data.concepts.questions import SceneQuestions
from vlareg.data.concepts.scene import render_scene

pytestmark = pytest.mark.xdist_group("scenes")


def test_a_scene_depends_on_its_seed_alone(scenes: dict[str, np.ndarray]) -> None:
    for index in (0, TABLETOPS - 1, TABLETOPS, TABLETOPS + SIGNS - 1):
        again = render_scene((SEED, index), with_sign=index >= TABLETOPS)
        assert np.abs(again["frames"].astype(int) - scenes["frames"][index]).max() <= 2
        assert (again["positions"] == scenes["positions"][index]).all()


def test_questions_can_be_asked_about_every_scene(scenes: dict[str, np.ndarray]) -> None:
    questions = SceneQuestions(scenes)
    samples = [questions[index] for index in range(2 * len(scenes["frames"]))]
    assert all(sample["answer"] for sample in samples)
    assert samples[TABLETOPS]["question"] != samples[0]["question"]
