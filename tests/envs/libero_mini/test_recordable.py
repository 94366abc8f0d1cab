"""What is recorded shows what it is called, and nothing that is evaluated."""

from collections.abc import Sequence

import numpy as np
import pytest

from vlareg.envs.libero_mini.init_states import EPISODES, fresh_seed, stored_seed, think_seed
from vlareg.envs.libero_mini.recordable import RECORDABLES, Recordable, recordables_of
from vlareg.envs.libero_mini.tasks import TASKS
from vlareg.envs.libero_mini.think import CATEGORIES, Boards, boards_of
from vlareg.envs.signs import SIGNS

SIGN_FILES = [what for what in RECORDABLES if what.sign is not None]


def _boards(what: Recordable, seed: int, index: int) -> Boards:
    boards = what.boards(index, what.start_seed(seed, index))
    assert boards is not None
    return boards


def test_the_tasks_of_libero_mini_keep_their_numbers_names_and_seeds() -> None:
    """Or recordings that users have would be taken for others."""
    for task, name in enumerate(TASKS):
        what = RECORDABLES[task]
        assert (what.suite, what.task, what.file_name) == ("libero_mini", task, f"{name}_demo.hdf5")
        assert what.start_seed(2, 40) == fresh_seed(task, 2, 40)
        assert what.boards(0, what.start_seed(0, 0)) is None


def test_every_sign_has_a_file() -> None:
    names = [what.file_name for what in RECORDABLES]
    assert len(names) == len(set(names)) == len(TASKS) + sum(map(len, SIGNS.values()))
    assert "think_traffic_no_entry_demo.hdf5" in names
    assert not any(" " in name for name in names)


@pytest.mark.parametrize("task", range(len(CATEGORIES)))
def test_the_instructions_are_those_of_the_evaluation(task: int) -> None:
    recorded = {RECORDABLES[number].instruction for number in recordables_of("libero_mini_think", (task,))}
    assert recorded == {boards_of(task, index).instruction for index in range(EPISODES)}


@pytest.mark.parametrize("what", SIGN_FILES, ids=lambda what: what.name)
def test_the_goal_s_board_shows_the_sign_and_the_other_board_another_one(what: Recordable) -> None:
    """In both places in turn, beside every other sign."""
    signs = set(SIGNS[CATEGORIES[what.task]])
    demonstrations = [_boards(what, 0, index) for index in range(60)]
    assert {boards.instruction for boards in demonstrations} == {what.instruction}
    shown = {boards.names[boards.goal] for boards in demonstrations}
    assert len(shown) == 1
    assert {boards.names[1 - boards.goal] for boards in demonstrations} == signs - shown
    assert [boards.goal for boards in demonstrations] == [0, 1] * 30
    assert len(np.unique([boards.places for boards in demonstrations], axis=0)) == 60


def _streams(boards: Boards) -> set[bytes]:
    """Return what identifies the random numbers of the boards and of their two pictures."""
    seeds: Sequence[tuple[int, ...]] = (boards.seed, (*boards.seed, 0), (*boards.seed, 1))
    return {np.random.SeedSequence(seed).generate_state(4).tobytes() for seed in seeds}


def test_boards_of_demonstrations_are_never_those_of_an_evaluation() -> None:
    """Whatever the seed of the start scene, small numbers such as those of episodes among them."""
    evaluated = {
        one for task in range(len(CATEGORIES)) for i in range(EPISODES) for one in _streams(boards_of(task, i))
    }
    for what in SIGN_FILES:
        for start in (*range(EPISODES), *(what.start_seed(0, index) for index in range(20))):
            boards = what.boards(0, start)
            assert boards is not None
            assert boards.seed[0] not in range(len(CATEGORIES))
            assert not _streams(boards) & evaluated


def test_start_scenes_of_signs_are_those_of_nothing_else() -> None:
    stored = {stored_seed(task, index) for task in range(10) for index in range(EPISODES)}
    stored |= {think_seed(index) for index in range(EPISODES)}
    fresh = {fresh_seed(task, seed, index) for task in range(10) for seed in range(3) for index in range(200)}
    ours = {what.start_seed(seed, index) for what in SIGN_FILES for seed in range(3) for index in range(200)}
    assert len(ours) > 0.999 * len(SIGN_FILES) * 3 * 200  # 32-bit numbers may meet by chance
    assert not ours & (stored | fresh)


@pytest.mark.parametrize(
    ("suite", "tasks", "message"),
    [
        ("libero_mini_think", (8,), r"`tasks` must be different numbers in 0\.\.7, but got \[8\]"),
        ("libero_mini_think", (-1,), r"in 0\.\.7, but got \[-1\]"),
        ("libero_mini", (3, 3), r"`tasks` must be different numbers in 0\.\.9, but got \[3, 3\]"),
        ("libero_mini_think_any", (0,), "`suite` must be one of libero_mini, libero_mini_think, but got"),
    ],
)
def test_what_cannot_be_recorded_is_named(suite: str, tasks: tuple[int, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        recordables_of(suite, tasks)
