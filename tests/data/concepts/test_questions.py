import re
import time

import numpy as np
import pytest

from tests.data.concepts.examples import HIDDEN, answers, sign_scene
from vlareg.data.concepts.facts import Facts, blank_labels
from vlareg.data.concepts.questions import SceneQuestions
from vlareg.data.concepts.vocabulary import CATEGORIES
from vlareg.envs.signs.pictograms import SIGNS
from vlareg.policies.openvla.prompts import question_prompt


def test_a_scene_without_visible_objects_still_has_a_question() -> None:
    scene = Facts((HIDDEN,), (0.0, 0.0, 0.0), (1.5, 0.5), 0.0, -1, None, (0.0, 0.0))
    assert answers(scene, 10) == {"what is in the gripper?": {"nothing"}}


@pytest.mark.parametrize("category", CATEGORIES)
def test_signs_are_asked_for_by_name_kind_and_place(category: str) -> None:
    name = SIGNS[category][0]
    found = answers(sign_scene(category, name), 200)
    assert found["what sign is this?"] == {name}
    assert found["where is the sign?"] == {"<loc08><loc16>"}
    assert found[f"is this the sign for {name}?"] == {"yes"}
    assert all(len(answer) == 1 for answer in found.values())


def arrays(count: int = 3) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    row = blank_labels()
    row["kinds"][:3] = row["colors"][:3] = (0, 4, 2)
    row["visible"][:] = True
    return {name: np.stack([values] * count) for name, values in row.items()} | {
        "frames": rng.integers(0, 256, (count, 2, 96, 96, 3), dtype=np.uint8),
        "positions": rng.uniform(-0.2, 0.2, (count, 6, 3)).astype(np.float32),
        "pixels": rng.uniform(0, 1, (count, 6, 2)).astype(np.float32),
    }


def test_samples_depend_on_seed_and_index_alone() -> None:
    scenes = arrays()
    first, again, other = (SceneQuestions(scenes, seed=seed) for seed in (0, 0, 1))
    assert len(first) == 48
    texts = [(sample["prompt"], sample["answer"]) for sample in first]
    assert texts == [(again[i]["prompt"], again[i]["answer"]) for i in range(len(again))]
    assert texts != [(sample["prompt"], sample["answer"]) for sample in other]
    assert len(set(texts)) > 24
    assert (first[4]["frames"] == scenes["frames"][1]).all()
    assert all(re.fullmatch(r"In: .+\?\nOut:", prompt) for prompt, _ in texts)
    assert texts[0][0] == question_prompt(first[0]["question"])


def test_a_sample_is_its_own_copy() -> None:
    scenes = arrays()
    SceneQuestions(scenes)[0]["frames"][:] = 0
    assert scenes["frames"][0].any()


def test_a_sample_takes_less_than_the_training_step_that_waits_for_it() -> None:
    dataset = SceneQuestions(arrays())
    start = time.process_time()
    for index in range(48):
        dataset[index]
    assert (time.process_time() - start) / 48 < 3e-3


def test_errors_name_the_argument() -> None:
    with pytest.raises(ValueError, match="`questions_per_scene` must be at least 1"):
        SceneQuestions(arrays(), questions_per_scene=0)
    with pytest.raises(IndexError, match="48"):
        SceneQuestions(arrays())[48]
