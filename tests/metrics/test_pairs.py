import pickle

import pytest
import torch
import torch.distributed as dist

from tests.two_ranks import on_two_ranks
from vlareg.functional import cknna, mutual_knn
from vlareg.metrics import CKNNA, MutualKNN

METRICS = {"mutual_knn": lambda: MutualKNN(k=5), "cknna": lambda: CKNNA(k=5)}
CORES = {"mutual_knn": mutual_knn, "cknna": cknna}


def sample():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(60, 8, generator=generator)
    return x, x[:, :3] + torch.randn(60, 3, generator=generator), torch.arange(60) // 6


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize("grouped", [False, True])
def test_collects_over_steps(name, grouped):
    metric = METRICS[name]()
    x, y, episodes = sample()
    for part in (slice(0, 17), slice(17, 18), slice(18, 60)):
        metric.update(x[part], y[part], episodes[part] if grouped else None)
    torch.testing.assert_close(metric.compute(), CORES[name](x, y, 5, groups=episodes if grouped else None))


@pytest.mark.parametrize("name", METRICS)
def test_keeps_no_graph_and_starts_anew_after_reset(name):
    metric = METRICS[name]()
    x, y, _ = sample()
    metric.update(x.requires_grad_(), y)
    assert not metric.x[0].requires_grad
    metric.reset()
    metric.update(y, y)
    assert float(metric.compute()) == pytest.approx(1)


@pytest.mark.parametrize("name", METRICS)
def test_has_the_flags_of_a_score_and_can_be_pickled(name):
    metric = METRICS[name]()
    assert (metric.higher_is_better, metric.is_differentiable, metric.full_state_update) == (True, False, False)
    x, y, episodes = sample()
    metric.update(x, y, episodes)
    torch.testing.assert_close(pickle.loads(pickle.dumps(metric)).compute(), metric.compute())


def scores_of_a_rank():
    x, y, episodes = sample()
    own = slice(0, 25) if dist.get_rank() == 0 else slice(25, 60)
    results = {}
    for name, make in METRICS.items():
        plain, grouped, one_sided = make(), make(), make()
        plain.update(x[own], y[own])
        grouped.update(x[own], y[own], episodes[own])
        if dist.get_rank() == 0:
            one_sided.update(x, y, episodes)
        results[name] = torch.stack([plain.compute(), grouped.compute(), one_sided.compute()])
    return results


def test_collects_over_ranks_with_unequal_shares_or_none():
    x, y, episodes = sample()
    for result in on_two_ranks(scores_of_a_rank):
        for name, core in CORES.items():
            grouped = core(x, y, 5, groups=episodes)
            torch.testing.assert_close(result[name], torch.stack([core(x, y, 5), grouped, grouped]))


@pytest.mark.parametrize("name", METRICS)
def test_bad_input_never_gets_a_score(name):
    x, y, episodes = sample()
    with pytest.raises(ValueError, match="60, 59 and no rows"):
        METRICS[name]().update(x, y[1:])
    with pytest.raises(ValueError, match="60, 60 and 3 rows"):
        METRICS[name]().update(x, y, episodes[:3])
    metric = METRICS[name]()
    metric.update(x, y)
    with pytest.raises(ValueError, match="`episode_ids` must be given in every update"):
        metric.update(x, y, episodes)
    few = METRICS[name]()
    few.update(x[:6], y[:6])
    with pytest.raises(ValueError, match="`k` must be"):
        few.compute()


@pytest.mark.filterwarnings("ignore:The ``compute`` method:UserWarning")
def test_nothing_collected_is_an_error():
    with pytest.raises(ValueError, match="No samples"):
        MutualKNN().compute()


@pytest.mark.parametrize("kind", [MutualKNN, CKNNA])
def test_k_must_be_positive(kind):
    with pytest.raises(ValueError, match="`k` must be >= 1, but got 0"):
        kind(k=0)
