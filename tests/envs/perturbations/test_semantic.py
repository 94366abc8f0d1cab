"""Objects and words that were not there."""

import numpy as np
import pytest

from tests.envs.perturbations.starts import Start, starts
from vlareg.envs.libero_mini.tasks import TASKS
from vlareg.envs.perturbations import Candidates, Distractors, EpisodeKey, Paraphrase, Perturbation, UnseenObject
from vlareg.envs.perturbations.free_places import REACH, FreePlaces

INSTRUCTIONS = [task.replace("_", " ") for task in TASKS]
KEYS = [EpisodeKey(0, 0, index) for index in range(40)]


def _added(start: Start, stem: str) -> list[str]:
    model = start.scene.model
    return [name for body in range(model.nbody) if (name := model.body(body).name).startswith(stem)]


@pytest.mark.parametrize("task", [0, 4, 6])
@pytest.mark.parametrize(("perturbation", "stem"), [(Distractors(3), "distractor"), (Candidates(2), "candidate")])
def test_added_objects_stand_still_on_free_places(perturbation: Perturbation, stem: str, task: int) -> None:
    """The task's own objects and the arm are where the stored state has them, to the last bit."""
    with starts(perturbation, task) as start:
        for init_index in (0, 11):
            start.begin(init_index)
            own = start.env.init_states[init_index]
            names, data = _added(start, stem), start.scene.data
            np.testing.assert_array_equal(
                data.qpos[: start.scene.model.nq - 7 * len(names)], own[1:][: data.qpos.size - 7 * len(names)]
            )
            assert len(names) == perturbation.level
            places = np.array([data.body(name).xpos for name in names])
            assert np.all(np.abs(places[:, :2]) <= REACH)
            for place in places:
                assert all(obstacle.gap(place[:2]) > 0.045 for obstacle in FreePlaces(start.scene).taken)
            for _ in range(10):
                start.env.simulator.step([0.0] * 6 + [-1.0])
            np.testing.assert_allclose([data.body(name).xpos for name in names], places, atol=2e-3)


def test_each_episode_has_its_own_places_and_levels_add_up() -> None:
    """The first distractor of level 2 is that of level 1."""
    found = []
    for level in (1, 2):
        with starts(Distractors(level)) as start:
            for init_index in (0, 1):
                start.begin(init_index)
                found.append(
                    (*start.scene.data.body("distractor_0").xpos, *start.scene.model.geom("distractor_0").rgba)
                )
    assert found[0] != found[1]
    assert found[:2] == found[2:]


def test_candidates_have_the_shape_of_the_task_s_object_if_there_is_one() -> None:
    """For the red cube beside the blue one: the green and the yellow cube."""
    with starts(Candidates(2)) as start:
        assert _added(start, "candidate") == ["candidate_green_cube", "candidate_yellow_cube"]
        start.begin(0)
        np.testing.assert_allclose(start.scene.model.geom("candidate_green_cube").rgba, [0.05, 0.70, 0.15, 1.0])
        np.testing.assert_allclose(start.scene.model.geom("candidate_green_cube").size, [0.025] * 3)


@pytest.mark.parametrize("level", [1, 2, 3])
def test_an_unseen_object_has_the_colour_that_the_instruction_names(level: int) -> None:
    """At level 1 the instruction stays, at level 3 the shape changes too."""
    with starts(UnseenObject(level)) as start:
        key = start.begin(0)
        geom, other = (
            start.scene.model.geom("red_cube_1_body_visual"),
            start.scene.model.geom("blue_cube_1_body_visual"),
        )
        told = UnseenObject(level).reword(INSTRUCTIONS[0], key)
        assert (
            told
            == [
                "put the red cube on the plate",
                "put the pink cube on the plate",
                "put the pink cylinder on the plate",
            ][level - 1]
        )
        pink, red = np.array([1.0, 0.5, 0.75]), np.array([0.9, 0.08, 0.08])
        np.testing.assert_allclose(geom.rgba[:3], 0.6 * red + 0.4 * pink if level == 1 else pink, atol=1e-6)
        np.testing.assert_allclose(other.rgba[:3], [0.10, 0.25, 0.95], atol=1e-6)
        assert (geom.type == other.type) == (level < 3)


def test_an_unseen_object_can_be_named_in_every_task() -> None:
    """What the policy may be told has another colour in it, and the task's place."""
    for instruction in INSTRUCTIONS:
        texts = UnseenObject(2).wordings(instruction)
        assert len(set(texts)) == 4
        assert all(text.split()[-2:] == instruction.split()[-2:] and text != instruction for text in texts)
        assert {UnseenObject(2).reword(instruction, key) for key in KEYS} == set(texts)


@pytest.mark.parametrize("level", [1, 2, 3])
def test_paraphrases_are_other_words_for_the_same(level: int) -> None:
    """Tasks are not mixed up; up to level 2 the object and the place are called what they are."""
    said = [Paraphrase(level).wordings(instruction) for instruction in INSTRUCTIONS]
    assert len({text for texts in said for text in texts}) == 30
    assert not {text for texts in said for text in texts} & set(INSTRUCTIONS)
    for instruction, texts in zip(INSTRUCTIONS, said, strict=True):
        thing, place = instruction.split(" the ")[1].split()[:2], instruction.split(" the ")[2]
        for text in texts:
            assert thing[0] in text.split()
            assert level == 3 or (" ".join(thing) in text and text.count(place) == 1)
    assert {Paraphrase(level).reword(INSTRUCTIONS[0], key) for key in KEYS} == set(said[0])


def test_other_instructions_are_kept_whole() -> None:
    """Their meaning is not guessed."""
    instruction = "turn on the stove and put the moka pot on it"
    assert all(instruction in text and text != instruction for text in Paraphrase(3).wordings(instruction))
