import pytest
import torch

from tests.callbacks.toy import DIM, EPISODES, STEPS, ToyPolicy, make_batch, random_batch
from vlareg.callbacks.alignment_scorer import AlignmentScorer

POINTS, TARGETS = ["block.condition", "block.last_prompt"], ["actions.full", "proprio"]


def _score(batch, policy=None, **arguments):
    scorer = AlignmentScorer(**{"points": POINTS, "targets": TARGETS, "k": 5, **arguments})
    return scorer.score(policy or ToyPolicy(), [batch])


def test_what_the_state_decides_scores_high_and_the_rest_scores_chance():
    record = _score(random_batch())
    for metric in ("mutual_knn", "cknna"):
        assert record.value(metric, "calibrated", "block.condition", "proprio") > 0.3
        assert record.value(metric, "p", "block.last_prompt", "proprio") == pytest.approx(1 / 51)
        assert abs(record.value(metric, "z", "block.condition", "actions.full")) < 3
    assert record.value("mutual_knn", "score", "block.condition", "actions.full") == pytest.approx(5 / 66, abs=0.04)
    assert (record.samples, record.episodes, record.k) == (72, 12, 5)
    assert (record.points, record.targets) == (POINTS, TARGETS)


def test_action_tokens_are_read_only_where_that_is_asked_for():
    batch, other = random_batch(), random_batch(action_token=900)
    assert _score(batch).scores == _score(other).scores


def test_neighbours_come_from_other_episodes():
    """Within an episode both sides are constant, between episodes independent: only an episode's own frames would agree."""
    random = torch.Generator().manual_seed(2)
    state, actions = (side.repeat_interleave(STEPS, 0) for side in torch.randn(2, EPISODES, DIM, generator=random))
    noise = 1e-3 * torch.randn(2, EPISODES * STEPS, DIM, generator=random)
    record = _score(make_batch(state + noise[0], actions + noise[1]))
    assert record.value("mutual_knn", "score", "block.condition", "actions.full") < 0.25
    assert record.value("mutual_knn", "p", "block.condition", "actions.full") > 0.05


def test_progress_that_all_episodes_share_counts_as_chance():
    """Both sides are functions of the time within an episode and of nothing else."""
    time = torch.arange(STEPS).repeat(EPISODES)[:, None] + 0.3 * torch.rand(EPISODES * STEPS, 1)
    random = torch.Generator().manual_seed(3)
    noise = 0.2 * torch.randn(2, EPISODES * STEPS, DIM, generator=random)
    record = _score(make_batch(time + noise[0], time + noise[1]))
    assert record.value("mutual_knn", "score", "block.condition", "actions.full") > 0.2
    assert abs(record.value("mutual_knn", "calibrated", "block.condition", "actions.full")) < 0.1


def test_a_large_common_offset_of_the_features_does_not_make_all_of_them_neighbours():
    shifted_policy = ToyPolicy()
    shifted_policy.block.register_forward_hook(lambda module, inputs, output: output + 1000)
    plain = _score(random_batch(), targets=["proprio"])
    shifted = _score(random_batch(), shifted_policy, targets=["proprio"])
    expected = plain.value("cknna", "score", "block.condition", "proprio")
    assert shifted.value("cknna", "score", "block.condition", "proprio") == pytest.approx(expected, abs=0.02)


def test_the_gripper_decides_no_more_than_any_other_column():
    """Here it is a thousand times as large and has nothing to do with the state, from which the arm's columns come."""
    batch = random_batch()
    actions = batch.proprio.clone()
    actions[:, -1] = 1000 * batch.actions[:, 0, -1]
    record = _score(make_batch(batch.proprio, actions), targets=["actions.full", "actions.arm", "actions.gripper"])
    full, arm, gripper = (record.value("mutual_knn", "calibrated", "block.condition", name) for name in record.targets)
    assert arm > full > 0.15
    assert abs(gripper) < 0.1


def test_a_collapsed_representation_scores_nan_and_a_warning_says_why():
    batch = random_batch()
    still = make_batch(batch.proprio, torch.ones(72, DIM))
    with pytest.warns(UserWarning, match="NaN: `actions.full` is constant"):
        record = _score(still)
    for quantity in ("score", "calibrated", "p"):
        score, other = record.scores["mutual_knn"][quantity][0]
        assert score != score
        assert other == other


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"points": []}, "`points` must be a list of at least one name, but got"),
        ({"targets": "proprio"}, "`targets` must be a list"),
        ({"metrics": ["mutual_nn"]}, "did you mean 'mutual_knn'"),
        ({"k": 0}, "`k` must be >= 1, but got 0"),
    ],
)
def test_wrong_arguments_are_named_at_construction(wrong, message):
    with pytest.raises(ValueError, match=message):
        AlignmentScorer(**{"points": POINTS, "targets": TARGETS, **wrong})


def test_a_k_that_leaves_nothing_to_choose_is_refused():
    with pytest.raises(ValueError, match=r"`k` must be in 1\.\.65"):
        _score(random_batch(), k=66)


def test_too_few_episodes_are_refused():
    with pytest.raises(ValueError, match=r"3 of .* and 4 of equal length are needed|at least 4"):
        _score(random_batch(episodes=torch.arange(3).repeat_interleave(24)))
