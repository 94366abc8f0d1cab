import pytest
import torch

from vlareg.functional.chance_scores import Resampling
from vlareg.study.scopes import ALL, ANY, OTHER, exchange_within, halve_within, list_scopes

EPISODES, FRAMES = 12, 3
episodes = torch.arange(EPISODES).repeat_interleave(FRAMES)
tasks = (episodes >= EPISODES // 2).long()
RESAMPLING = Resampling(permutations=20, halves=5)


def test_episodes_are_exchanged_within_their_task_and_frames_keep_their_time():
    for order in exchange_within(episodes, tasks, 20):
        assert torch.equal(tasks[order], tasks)
        assert torch.equal(order % FRAMES, torch.arange(len(episodes)) % FRAMES)
        assert torch.equal(order.sort().values, torch.arange(len(episodes)))
        assert (episodes[order].view(-1, FRAMES) == episodes[order][::FRAMES, None]).all()


def test_halves_hold_as_many_episodes_of_each_task():
    for halves in halve_within(episodes, tasks, 10):
        for task in (0, 1):
            assert [int(((halves == half) & (tasks == task)).sum()) for half in (0, 1)] == [9, 9]
        assert (halves.view(-1, FRAMES) == halves[::FRAMES, None]).all()


def test_fewer_than_six_episodes_of_a_task_have_no_halves():
    assert len(halve_within(episodes[FRAMES:], tasks[FRAMES:], 10)) == 0


def test_the_scopes_say_whose_neighbours_may_be_whose():
    scopes = {scope.name: scope for scope in list_scopes(episodes, tasks, ["a", "b"], RESAMPLING)}
    assert list(scopes) == [ALL, ANY, OTHER, "a", "b"]
    assert torch.equal(scopes[OTHER].groups, tasks)
    assert all(torch.equal(scope.groups, scope.episodes) for name, scope in scopes.items() if name != OTHER)
    assert torch.equal(scopes["b"].rows, torch.arange(18, 36))
    assert torch.equal(scopes["b"].permutations + 18, scopes[ALL].permutations[:, 18:])
    assert not torch.equal(tasks[scopes[ANY].permutations], tasks.expand(20, -1))


def test_one_task_is_one_scope():
    assert [scope.name for scope in list_scopes(episodes, tasks * 0, ["a"], RESAMPLING)] == ["a"]


def test_too_few_episodes_to_exchange_are_named():
    with pytest.raises(ValueError, match=r"`data.validation_episodes` must be at least 4, .* a task has 3"):
        exchange_within(episodes[:9], tasks[:9], 5)
