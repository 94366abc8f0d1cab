import pickle

import pytest
import torch
import torch.distributed as dist

from tests.two_ranks import on_two_ranks
from vlareg import functional
from vlareg.functional import ACTIONS, FEATURES
from vlareg.metrics import (
    CKA,
    CKNNA,
    LCSKNN,
    SVCCA,
    CycleKNN,
    EditDistanceKNN,
    MutualKNN,
    PrecisionAtK,
    ProcrustesDisparity,
    UnbiasedCKA,
)

SPACE = (FEATURES, ACTIONS)
METRICS = {
    "mutual_knn": lambda: MutualKNN(5, SPACE),
    "cycle_knn": lambda: CycleKNN((5, 3), SPACE),
    "lcs_knn": lambda: LCSKNN(5, SPACE),
    "edit_distance_knn": lambda: EditDistanceKNN(5, SPACE),
    "cknna": lambda: CKNNA(5, space=SPACE),
    "cknna_paper": lambda: CKNNA(5, variant="paper", space=SPACE),
    "cka": lambda: CKA(space=SPACE),
    "rbf_cka": lambda: CKA("rbf", "median", SPACE),
    "unbiased_cka": lambda: UnbiasedCKA(space=SPACE),
    "svcca": lambda: SVCCA(2, "mean", SPACE),
    "precision_at_k": lambda: PrecisionAtK(5, 3, SPACE),
    "procrustes": lambda: ProcrustesDisparity(folds=3, space=SPACE),
}
NEEDS_EPISODES = {"precision_at_k", "procrustes"}


def core(name, x, y, groups=None):
    """Return what the function says that a metric is a shell of."""
    if name.endswith("_knn"):
        return getattr(functional, name)(x, y, (5, 3) if name == "cycle_knn" else 5, space=SPACE, groups=groups)
    if name.startswith("cknna"):
        variant = "paper" if name.endswith("paper") else "reference"
        return functional.cknna(x, y, 5, variant=variant, space=SPACE, groups=groups)
    if name in NEEDS_EPISODES:
        options = {"k": 5} if name == "precision_at_k" else {}
        return getattr(functional, name)(x, y, **options, groups=groups, folds=3, space=SPACE)
    if name == "rbf_cka":
        return functional.cka(x, y, "rbf", "median", space=SPACE)
    options = {"dim": 2, "summary": "mean"} if name == "svcca" else {}
    return getattr(functional, name)(x, y, **options, space=SPACE)


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
    if name in NEEDS_EPISODES and not grouped:
        with pytest.raises(ValueError, match="must be given"):
            metric.compute()
    else:
        torch.testing.assert_close(metric.compute(), core(name, x, y, episodes if grouped else None))


@pytest.mark.parametrize("name", METRICS)
def test_keeps_no_graph_and_starts_anew_after_reset(name):
    metric = METRICS[name]()
    x, y, episodes = sample()
    metric.update(x.requires_grad_(), y, episodes)
    assert not metric.x[0].requires_grad
    metric.reset()
    metric.update(y, y, episodes)
    torch.testing.assert_close(metric.compute(), core(name, y, y, episodes))


@pytest.mark.parametrize("name", METRICS)
def test_has_the_flags_of_a_score_and_can_be_pickled(name):
    metric = METRICS[name]()
    assert metric.higher_is_better is (name != "procrustes")
    assert (metric.is_differentiable, metric.full_state_update) == (False, False)
    x, y, episodes = sample()
    metric.update(x, y, episodes)
    torch.testing.assert_close(pickle.loads(pickle.dumps(metric)).compute(), metric.compute())


def scores_of_a_rank():
    x, y, episodes = sample()
    padded = torch.cat([torch.arange(60), torch.arange(4)])  # as a distributed sampler fills up
    own = slice(0, 25) if dist.get_rank() == 0 else slice(25, 64)
    results = {}
    for name, make in METRICS.items():
        grouped, one_sided, filled = make(), make(), make()
        grouped.update(x[padded][own][:35], y[padded][own][:35], episodes[padded][own][:35])
        filled.update(x[padded][own], y[padded][own], episodes[padded][own], padded[own])
        if dist.get_rank() == 0:
            one_sided.update(x, y, episodes)
        results[name] = torch.stack([grouped.compute(), one_sided.compute(), filled.compute()])
        if name not in NEEDS_EPISODES:
            plain = make()
            plain.update(x[padded][own][:35], y[padded][own][:35])
            results[f"{name}/plain"] = plain.compute()
    return results


def test_collects_over_ranks_with_unequal_shares_or_none_and_counts_copies_once():
    x, y, episodes = sample()
    for result in on_two_ranks(scores_of_a_rank):
        for name in METRICS:
            torch.testing.assert_close(result[name], core(name, x, y, episodes).expand(3))
            if name not in NEEDS_EPISODES:
                torch.testing.assert_close(result[f"{name}/plain"], core(name, x, y))


@pytest.mark.parametrize("name", METRICS)
def test_bad_input_never_gets_a_score(name):
    x, y, episodes = sample()
    with pytest.raises(ValueError, match="60, 59, no, no rows"):
        METRICS[name]().update(x, y[1:])
    with pytest.raises(ValueError, match="60, 60, 3, no rows"):
        METRICS[name]().update(x, y, episodes[:3])
    metric = METRICS[name]()
    metric.update(x, y)
    with pytest.raises(ValueError, match="`episode_ids` must be given in every update"):
        metric.update(x, y, episodes)
    with pytest.raises(ValueError, match="`sample_ids` must be given in every update"):
        metric.update(x, y, sample_ids=torch.arange(60))
    constant = METRICS[name]()
    constant.update(x, torch.ones_like(y), episodes)
    with pytest.raises(ValueError, match="`y` is constant"):
        constant.compute()


@pytest.mark.parametrize("name", [name for name in METRICS if "knn" in name or "cknna" in name])
def test_too_few_samples_are_no_score(name):
    x, y, _ = sample()
    few = METRICS[name]()
    few.update(x[:6], y[:6])
    with pytest.raises(ValueError, match="`k` must be"):
        few.compute()


def test_ids_that_are_not_unique_are_refused():
    x, y, episodes = sample()
    metric = MutualKNN()
    metric.update(x, y, episodes, sample_ids=torch.arange(60) % 6)  # places in the episode
    with pytest.raises(ValueError, match="`sample_ids` must be unique over the data set"):
        metric.compute()


@pytest.mark.filterwarnings("ignore:The ``compute`` method:UserWarning")
@pytest.mark.parametrize("name", METRICS)
def test_nothing_collected_is_an_error(name):
    with pytest.raises(ValueError, match="No samples"):
        METRICS[name]().compute()


@pytest.mark.parametrize("kind", [MutualKNN, CycleKNN, LCSKNN, EditDistanceKNN, CKNNA, PrecisionAtK])
def test_k_must_be_positive(kind):
    with pytest.raises(ValueError, match="`k` must be >= 1"):
        kind(k=0)


def test_options_reach_the_function():
    x, y, _ = sample()
    biased, in_sample = CKNNA(k=7, unbiased=False), ProcrustesDisparity("in_sample")
    for metric in (biased, in_sample):
        metric.update(x, y)
    assert torch.equal(biased.compute(), functional.cknna(x, y, 7, unbiased=False))
    assert torch.equal(in_sample.compute(), functional.procrustes(x, y, fit="in_sample"))
