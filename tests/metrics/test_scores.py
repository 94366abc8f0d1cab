import pytest
import torch
import torch.distributed as dist

from tests.metrics.test_pairs import METRICS, sample
from tests.two_ranks import on_two_ranks
from vlareg.functional.chance_scores import Resampling
from vlareg.metrics import CKNNA, AlignmentMatrix, MutualKNN

FEW = Resampling(permutations=39, halves=0)


def collected(name):
    metric = METRICS[name]()
    x = sample()[0]
    metric.update(x, x[:, :6] + 0.1 * x.flip(0)[:, :6], torch.arange(60) // 3)
    return metric


@pytest.mark.parametrize("name", METRICS)
def test_a_score_is_the_metric_with_its_chance(name):
    metric = collected(name)
    score = metric.score(resampling=FEW)
    sign = -1 if name == "procrustes" else 1
    assert score.value == pytest.approx(sign * float(metric.compute()), abs=1e-6)
    assert score.value > score.chance
    assert score.p < 0.05
    assert (score.samples, score.episodes) == (60, 20)
    assert score.best == {"lcs_knn": 5, "procrustes": 0}.get(name, 1)
    assert 0 < score.calibrated < 1
    expected = "cka" if name == "rbf_cka" else name
    assert score.name.startswith(expected)
    assert metric.score("images/it", FEW).name.startswith("images/it")


def test_intervals_are_from_halves_of_the_episodes():
    score = collected("mutual_knn").score(resampling=Resampling(9, 20))
    assert score.low < score.value < score.high
    assert score.name == "mutual_knn_k5_n60"


def test_samples_that_are_episodes_of_their_own_have_exact_chance():
    metric = MutualKNN(5)
    x, y, _ = sample()
    metric.update(x, y, torch.arange(60))
    assert metric.score(resampling=FEW).chance == pytest.approx(5 / 59, abs=1e-9)


def test_a_matrix_has_scores_of_pairs_and_of_the_best():
    metric = AlignmentMatrix(["mutual_knn", "cknna"], 5)
    x, y, _ = sample()
    metric.update(torch.stack([x, x.flip(0)], dim=1), [y], torch.arange(60) // 3)
    scores = metric.scores(FEW)
    for name, value in metric.compute().items():
        torch.testing.assert_close(scores[name].value, value.double())
        assert scores[name].p_best[0, 0] < 0.05 < scores[name].p_best[1, 0]
    with pytest.raises(ValueError, match="use `scores`"):
        metric.score()
    alone = AlignmentMatrix("cknna", 5)
    alone.update([x], [y], torch.arange(60) // 3)
    assert alone.score(resampling=FEW).value == pytest.approx(float(alone.compute()))


def score_of_a_rank():
    x, y, _ = sample()
    episodes = torch.arange(60) // 3
    own = slice(0, 25) if dist.get_rank() == 0 else slice(25, 60)
    metric, matrix = MutualKNN(5), AlignmentMatrix("mutual_knn", 5)
    metric.update(x[own], y[own], episodes[own])
    if dist.get_rank() == 0:
        matrix.update([x], [y], episodes)
    scores = metric.score(resampling=FEW), matrix.score(resampling=FEW)
    metric.update(x[own], y[own], episodes[own] + 100)  # its own samples are its own again
    return torch.tensor([[s.value, s.chance, s.p, s.samples] for s in scores]), len(metric.x)


def test_scores_are_of_all_ranks():
    x, y, _ = sample()
    metric = MutualKNN(5)
    metric.update(x, y, torch.arange(60) // 3)
    score = metric.score(resampling=FEW)
    expected = torch.tensor([score.value, score.chance, score.p, score.samples])
    for scores, parts in on_two_ranks(score_of_a_rank):
        torch.testing.assert_close(scores, expected.expand(2, 4))
        assert parts == 2


@pytest.mark.parametrize("name", METRICS)
def test_without_episodes_there_is_no_chance(name):
    metric = METRICS[name]()
    x, y, _ = sample()
    metric.update(x, y)
    with pytest.raises(ValueError, match="`episode_ids` must be given"):
        metric.score()


def test_a_matrix_without_episodes_has_no_chance():
    metric = AlignmentMatrix(k=5)
    metric.update([sample()[0]], [sample()[1]])
    with pytest.raises(ValueError, match="must be given for a null"):
        metric.scores()


def test_the_biased_estimate_has_no_chance_by_episodes():
    metric = CKNNA(5, unbiased=False)
    x, y, _ = sample()
    metric.update(x, y, torch.arange(60))
    with pytest.raises(ValueError, match="`unbiased` must be True"):
        metric.score()
