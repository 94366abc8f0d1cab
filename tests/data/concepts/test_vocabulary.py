import re

import pytest

from tests.data.concepts.examples import answers, sign_scene
from vlareg.data.concepts.vocabulary import all_texts
from vlareg.envs.libero_mini.tasks import TASKS
from vlareg.envs.signs.pictograms import SIGNS


def words(text: str) -> set[str]:
    return set(re.findall(r"<loc\d\d>|[A-Za-z]+|[^\sA-Za-z]", text))


@pytest.fixture(scope="module")
def known() -> set[str]:
    return words("\n".join(all_texts()))


def test_all_texts_hold_every_word_about_objects(known: set[str], asked: dict[str, set[str]]) -> None:
    for question, found in asked.items():
        assert words(question + " " + " ".join(found)) <= known


@pytest.mark.parametrize(("category", "name"), [(category, name) for category in SIGNS for name in SIGNS[category]])
def test_all_texts_hold_every_word_about_signs(known: set[str], category: str, name: str) -> None:
    for question, found in answers(sign_scene(category, name), 100).items():
        assert words(question + " " + " ".join(found)) <= known


def test_all_texts_hold_the_instructions() -> None:
    assert {task.replace("_", " ") for task in TASKS} <= set(all_texts())
