import pytest
import torch
from sklearn.linear_model import LogisticRegression

from vlareg.diagnose import linear_probe
from vlareg.diagnose.estimate import rate
from vlareg.diagnose.linear_probe import WEIGHT_DECAY, fit_linear, probe, split_classes, standardised


def _noise(count: int, dim: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(count, dim, generator=torch.Generator().manual_seed(seed))


def _planted(count: int, dim: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return features of three classes whose means differ, in units from tiny to huge and with an offset."""
    labels = torch.arange(count) % 3
    x = _noise(count, dim) + 2.5 * _noise(3, dim, seed=1)[labels]
    return 100 + x * torch.logspace(-3, 3, dim), labels


def _accuracy(x: torch.Tensor, labels: torch.Tensor, seed: int = 0) -> float:
    return float(probe(x, labels, split_classes(labels, seed)).float().mean())


@pytest.mark.parametrize(("count", "dim"), [(240, 24), (60, 200)])
def test_the_map_is_that_of_logistic_regression(count, dim):
    x, labels = _planted(count, dim)
    split = split_classes(labels)
    x = standardised(x, split.train)[split.train]
    ours = fit_linear(x, labels[split.train], 3)
    theirs = LogisticRegression(C=1 / (WEIGHT_DECAY * len(x)), tol=1e-8, max_iter=10_000).fit(x, labels[split.train])
    mine, expected = ours(x).softmax(dim=1), torch.from_numpy(theirs.predict_proba(x)).float()
    torch.testing.assert_close(mine, expected, atol=5e-3, rtol=0)


def test_a_planted_linear_concept_is_found_in_any_units():
    assert _accuracy(*_planted(240, 24)) > 0.95


def test_shuffled_labels_are_at_chance():
    """Of twenty 95 % intervals that cover chance at that rate, 16 or more do with probability .997."""
    covered, total = 0, 0.0
    for seed in range(20):
        x, labels = _planted(120, 16)
        labels = labels[torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed))]
        right = probe(x, labels, split_classes(labels, seed))
        score = rate(int(right.sum()), len(right))
        covered += score.low <= 1 / 3 <= score.high
        total += score.value
    assert covered >= 16
    assert total / 20 == pytest.approx(1 / 3, abs=0.04)


def test_what_is_told_about_test_samples_does_not_reach_the_training():
    x, labels = _planted(120, 16)
    split = split_classes(labels)
    changed = x.clone()
    changed[split.test] *= 5
    assert torch.equal(standardised(x, split.train)[split.train], standardised(changed, split.train)[split.train])


def test_fewer_samples_than_columns_change_no_prediction(monkeypatch):
    """Padded with zeros, the same columns are fitted as they are."""
    x, labels = _planted(60, 200)
    split = split_classes(labels)
    known = x[split.train]
    z = (x - known.mean(dim=0)) / known.std(dim=0) / 200**0.5
    whole = fit_linear(z[split.train], labels[split.train], 3)(z[split.test]).argmax(dim=1) == labels[split.test]
    assert torch.equal(probe(x, labels, split), whole)


def test_a_column_that_never_varies_in_training_is_left_out():
    x, labels = _planted(120, 16)
    split = split_classes(labels)
    dead = torch.full((120, 1), 0.1)
    dead[split.test[0]] = 1e6
    assert torch.equal(probe(torch.cat([x, dead], dim=1), labels, split), probe(x, labels, split))


def test_several_batches_reach_the_concept_too(monkeypatch):
    monkeypatch.setattr(linear_probe, "BATCH", 16)
    assert _accuracy(*_planted(240, 24)) > 0.95


def test_the_global_random_state_is_neither_read_nor_changed():
    x, labels = _planted(60, 8)
    torch.manual_seed(3)
    before = torch.get_rng_state()
    right = probe(x, labels, split_classes(labels))
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(4)
    assert torch.equal(probe(x, labels, split_classes(labels)), right)


def test_every_class_is_halved():
    labels = torch.tensor([0] * 10 + [1] * 7)
    split = split_classes(labels, seed=5)
    assert sorted([*split.train.tolist(), *split.test.tolist()]) == list(range(17))
    assert labels[split.train].bincount().tolist() == [5, 3]
    assert split.train.tolist() != split_classes(labels, seed=6).train.tolist()


@pytest.mark.parametrize("labels", [[0, 0, 0], [0, 0, 1]])
def test_what_cannot_be_halved_is_refused(labels):
    with pytest.raises(ValueError, match="two classes with two samples each"):
        split_classes(torch.tensor(labels))


@pytest.mark.parametrize(("value", "reason"), [(float("nan"), "NaN or infinity"), (1.0, "constant")])
def test_features_without_meaning_are_refused(value, reason):
    labels = torch.arange(12) % 2
    with pytest.raises(ValueError, match=reason):
        probe(torch.full((12, 3), value), labels, split_classes(labels))
