import re
import time

import numpy as np
import pytest

from vlareg.data.questions import (
    CATEGORIES,
    COLORS,
    KINDS,
    Facts,
    SceneQuestions,
    Thing,
    all_texts,
    ask,
    facts,
    location,
    offset,
)
from vlareg.data.signs import SIGNS
from vlareg.envs.libero_mini.tasks import TASKS
from vlareg.policies.openvla.prompts import question_prompt

CUBE = Thing("cube", "red", (0.1, 0.2, 0.02), (0.2, 0.7), True)
OTHER = Thing("cube", "blue", (0.0, -0.2, 0.02), (0.8, 0.5), True)
PLATE = Thing("plate", "yellow", (-0.1, 0.0, 0.01), (0.5, 0.3), True)
PUCK = Thing("puck", "pink", (-0.11, 0.04, 0.03), (0.45, 0.3), True, 2)
HIDDEN = Thing("cylinder", "green", (0.2, 0.1, 0.01), (0.6, 0.3), False)
SCENE = Facts((CUBE, OTHER, PLATE, PUCK, HIDDEN), (0.1, 0.2, 0.02), (0.2, 0.65), 0.04, 0, None, (0.0, 0.0))


def answers(scene: Facts, count: int = 12000) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for seed in range(count):
        question, answer = ask(scene, np.random.default_rng(seed))
        found.setdefault(question, set()).add(answer)
    return found


@pytest.fixture(scope="module")
def asked() -> dict[str, set[str]]:
    return answers(SCENE)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("where is the red cube?", "<loc06><loc22>"),
        ("where is the red block?", "<loc06><loc22>"),
        ("where is the plate?", "<loc16><loc09>"),
        ("where is the left cube?", "<loc25><loc16>"),
        ("where is the gripper?", "<loc06><loc20>"),
        ("how far is the gripper from the red cube?", "<loc16><loc16><loc16>"),
        ("how far is the gripper from the blue cube?", "<loc08><loc00><loc16>"),
        ("what is at <loc25><loc16>?", "blue cube"),
        ("what color is the plate?", "yellow"),
        ("what color is the cube on the left?", "blue"),
        ("what color is the cube on the right?", "red"),
        ("which object is on the left?", "blue cube"),
        ("which object is on the right?", "red cube"),
        ("which object is in front?", "red cube"),
        ("is the red cube left of the blue cube?", "no"),
        ("is the red cube right of the blue cube?", "yes"),
        ("which object is next to the gripper?", "red cube"),
        ("which objects are on the table?", "blue cube, yellow plate, pink puck"),
        ("is there a yellow plate?", "yes"),
        ("is there a pink plate?", "no"),
        ("how many cubes are there?", "two"),
        ("what is in the gripper?", "red cube"),
        ("is the red cube in the gripper?", "yes"),
        ("is the blue cube in the gripper?", "no"),
        ("what is on the plate?", "pink puck"),
        ("is the puck on the plate?", "yes"),
        ("is the red cube on the yellow plate?", "no"),
        ("where is the start to put the red cube on the yellow plate?", "<loc06><loc22>"),
        ("where is the end to put the red cube on the plate?", "<loc16><loc09>"),
        ("how far is the end to put the red cube on the plate?", "<loc04><loc04><loc13>"),
    ],
)
def test_answers_are_true(asked: dict[str, set[str]], question: str, answer: str) -> None:
    assert asked[question] == {answer}


def test_a_question_has_one_answer(asked: dict[str, set[str]]) -> None:
    assert {question: found for question, found in asked.items() if len(found) > 1} == {}


def test_hidden_objects_and_undecidable_states_are_not_asked_for(asked: dict[str, set[str]]) -> None:
    assert not any("green" in question for question in asked if not question.startswith("is there a green"))
    assert "how many cylinders are there?" not in asked
    assert "is the gripper open or closed?" not in asked
    assert "which object is at the back?" not in asked  # the puck on the plate is as far back


def test_a_scene_without_visible_objects_still_has_a_question() -> None:
    scene = Facts((HIDDEN,), (0.0, 0.0, 0.0), (1.5, 0.5), 0.0, -1, None, (0.0, 0.0))
    assert answers(scene, 10) == {"what is in the gripper?": {"nothing"}}


@pytest.mark.parametrize("category", CATEGORIES)
def test_signs_are_asked_for_by_name_kind_and_place(category: str) -> None:
    name = SIGNS[category][0]
    found = answers(Facts((), (0.0,) * 3, (0.5, 0.5), 0.0, -1, (category, name), (0.25, 0.5)), 200)
    assert found["what sign is this?"] == {name}
    assert found["where is the sign?"] == {"<loc08><loc16>"}
    assert found[f"is this the sign for {name}?"] == {"yes"}
    assert all(len(answer) == 1 for answer in found.values())


def test_location_tokens_clip_and_offsets_are_finest_near_zero() -> None:
    assert location(-0.1, 1.0) == "<loc00><loc31>"
    assert offset([-5.0, 5.0, -1e-6]) == "<loc00><loc31><loc15>"
    bins = [int(offset([d])[4:6]) for d in np.linspace(-0.4, 0.4, 801)]
    assert sorted(set(bins)) == list(range(32))
    assert bins == sorted(bins)
    assert bins.count(16) < bins.count(24) < bins.count(30)


def arrays(count: int = 3) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {
        "frames": rng.integers(0, 256, (count, 2, 96, 96, 3), dtype=np.uint8),
        "kinds": np.tile(np.array([0, 4, 2, -1, -1, -1], np.int8), (count, 1)),
        "supports": np.full((count, 6), -1, np.int8),
        "colors": np.tile(np.array([0, 4, 2, 0, 0, 0], np.int8), (count, 1)),
        "positions": rng.uniform(-0.2, 0.2, (count, 6, 3)).astype(np.float32),
        "pixels": rng.uniform(0, 1, (count, 6, 2)).astype(np.float32),
        "visible": np.ones((count, 6), bool),
        "gripper_positions": np.zeros((count, 3), np.float32),
        "gripper_pixels": np.full((count, 2), 0.5, np.float32),
        "openings": np.zeros(count, np.float32),
        "held": np.full(count, -1, np.int8),
        "signs": np.full((count, 2), -1, np.int8),
        "sign_pixels": np.zeros((count, 2), np.float32),
    }


def test_facts_are_read_from_the_arrays() -> None:
    scenes = arrays()
    scene = facts(scenes, 1)
    assert [thing.name for thing in scene.things] == [
        f"{COLORS[0]} {KINDS[0]}",
        f"{COLORS[4]} {KINDS[4]}",
        f"{COLORS[2]} {KINDS[2]}",
    ]
    assert scene.things[2].position == pytest.approx(tuple(scenes["positions"][1, 2]))
    assert scene.sign is None
    scenes["signs"][1] = (6, 5)
    assert facts(scenes, 1).sign == ("weather", "umbrella")


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
    start = time.perf_counter()
    for index in range(48):
        dataset[index]
    assert (time.perf_counter() - start) / 48 < 3e-3


def test_errors_name_the_argument() -> None:
    with pytest.raises(ValueError, match="`questions_per_scene` must be at least 1"):
        SceneQuestions(arrays(), questions_per_scene=0)
    with pytest.raises(IndexError, match="48"):
        SceneQuestions(arrays())[48]


def words(text: str) -> set[str]:
    return set(re.findall(r"<loc\d\d>|[A-Za-z]+|[^\sA-Za-z]", text))


def test_all_texts_hold_every_word_of_questions_and_answers(asked: dict[str, set[str]]) -> None:
    known = words("\n".join(all_texts()))
    for question, found in asked.items():
        assert words(question + " " + " ".join(found)) <= known
    for category, names in SIGNS.items():
        for name in names:
            for question, found in answers(
                Facts((), (0.0,) * 3, (0.0, 0.0), 0.0, -1, (category, name), (0.0, 0.0)), 100
            ).items():
                assert words(question + " " + " ".join(found)) <= known


def test_all_texts_hold_the_instructions() -> None:
    assert {task.replace("_", " ") for task in TASKS} <= set(all_texts())
