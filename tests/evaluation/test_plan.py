"""The plan takes the first initial states in order, and refuses what does not exist."""

from typing import Any

import pytest

from vlareg.evaluation import Episode
from vlareg.evaluation.plan import TaskFacts, plan_episodes, reword_episodes

SUITE = [TaskFacts("put red", 3, 1), TaskFacts("put blue", 3, 0), TaskFacts("push", 2)]


def test_the_first_states_of_the_tasks_in_their_order() -> None:
    assert plan_episodes(SUITE, [2, 0], 2) == [
        Episode(2, 0, "push"),
        Episode(2, 1, "push"),
        Episode(0, 0, "put red"),
        Episode(0, 1, "put red"),
    ]


def test_all_tasks_by_default() -> None:
    assert [episode.task for episode in plan_episodes(SUITE, episodes=1)] == [0, 1, 2]


def test_the_other_instruction_is_the_partners() -> None:
    told = plan_episodes(SUITE, [0, 1], 1, instruction="other")
    assert told == [Episode(0, 0, "put blue"), Episode(1, 0, "put red")]


def test_episodes_may_have_instructions_of_their_own() -> None:
    signs = [TaskFacts("", 2, of_episodes=("the star", "the moon")), *SUITE]
    assert [episode.instruction for episode in plan_episodes(signs, [0, 1], 2)] == [
        *("the star", "the moon"),
        *("put red", "put red"),
    ]
    assert signs[0].instructions == ("the star", "the moon")
    assert SUITE[0].instructions == ("put red",)
    with pytest.raises(ValueError, match="`instruction` cannot be 'other' for task 0"):
        plan_episodes(signs, [0], 1, instruction="other")


def test_episodes_may_have_other_instructions_of_their_own() -> None:
    signs = [TaskFacts("", 2, None, ("the star", "the moon"), ("the moon", "the star")), *SUITE]
    told = plan_episodes(signs, [0], 2, instruction="other")
    assert [episode.instruction for episode in told] == ["the moon", "the star"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"tasks": []}, "`tasks` must name at least one task"),
        ({"tasks": [0, 3]}, r"`tasks` must be in 0\.\.2, but got \[3\]"),
        ({"tasks": [-1]}, r"`tasks` must be in 0\.\.2"),
        ({"tasks": [1, 1]}, "`tasks` must name each task once"),
        ({"episodes": 3}, r"`episodes` must be in 1\.\.2, the number of initial states of task 2, but got 3"),
        ({"episodes": 0}, r"`episodes` must be in 1\.\."),
        ({"episodes": 1, "instruction": "other"}, "`instruction` cannot be 'other' for task 2"),
    ],
)
def test_what_does_not_exist_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plan_episodes(SUITE, **arguments)


def test_other_words_are_found_for_each_episode() -> None:
    told = reword_episodes(plan_episodes(SUITE, [0], 2), lambda text, task, init: f"{text} {task} {init}")
    assert told == [Episode(0, 0, "put red 0 0"), Episode(0, 1, "put red 0 1")]
