"""Every episode is in exactly one part, whatever the plan."""

import pytest

from vlareg.evaluation import Episode
from vlareg.evaluation.shards import Shard

PLAN = [Episode(task, init_index, "go") for task in range(3) for init_index in range(10)]


@pytest.mark.parametrize("parts", [1, 2, 3, 7, 40])
def test_the_parts_are_the_whole(parts: int) -> None:
    shares = [Shard(number, parts).take(PLAN) for number in range(1, parts + 1)]
    together = [episode for share in shares for episode in share]
    assert sorted(together, key=PLAN.index) == PLAN
    assert Shard(1, 1).take(PLAN) == PLAN


def test_every_part_has_its_share_of_every_task() -> None:
    for number in (1, 2, 3):
        tasks = [episode.task for episode in Shard(number, 3).take(PLAN)]
        assert {tasks.count(task) for task in range(3)} <= {3, 4}
        assert len(tasks) == 10


def test_a_larger_plan_moves_no_episode() -> None:
    larger = [Episode(task, init_index, "go") for task in (0, 2, 1, 5) for init_index in range(50)]
    for number in (1, 2, 3):
        assert set(Shard(number, 3).take(PLAN)) <= set(Shard(number, 3).take(larger))


@pytest.mark.parametrize("text", ["0/2", "3/2", "1/0", "2", "a/b", "1/2/3", "-1/2", ""])
def test_what_is_no_part_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"`shard` must be 1/n, 2/n, ... or n/n, but got"):
        Shard.parse(text)


def test_parts_are_typed_as_they_are_shown() -> None:
    assert Shard.parse("2/3") == Shard(2, 3)
    assert str(Shard(2, 3)) == "2/3"
