import pytest
import torch

from vlareg.diagnose.projections import check_tsne, pca, tsne


def _clusters() -> tuple[torch.Tensor, torch.Tensor]:
    groups = torch.arange(40) % 2
    x = torch.randn(40, 10, generator=torch.Generator().manual_seed(0))
    return x + 20 * groups[:, None], groups


def _apart(points: torch.Tensor, groups: torch.Tensor) -> bool:
    """Return whether every point's nearest neighbour is of its own group."""
    distances = torch.cdist(points, points).fill_diagonal_(torch.inf)
    return torch.equal(groups[distances.argmin(dim=1)], groups)


def test_principal_components_are_those_of_the_covariance():
    x, _ = _clusters()
    points, kept = pca(x)
    values = torch.linalg.eigvalsh(torch.cov(x.T)).flip(0)
    torch.testing.assert_close(points.var(dim=0), values[:2], rtol=1e-4, atol=0)
    assert kept == pytest.approx(float(values[:2].sum() / values.sum()), rel=1e-4)


def test_both_projections_keep_clusters_apart():
    x, groups = _clusters()
    assert _apart(pca(x)[0], groups)
    assert _apart(tsne(x, seed=0), groups)


def test_tsne_is_seeded():
    x, _ = _clusters()
    assert torch.equal(tsne(x, seed=1), tsne(x, seed=1))


def test_equal_vectors_are_refused():
    for project in (pca, lambda x: tsne(x, seed=0)):
        with pytest.raises(ValueError, match="constant"):
            project(torch.ones(8, 3))


def test_a_missing_library_is_named(monkeypatch):
    monkeypatch.setattr("vlareg.diagnose.projections.importlib.util.find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install vlareg\[diagnose\].*--tsne false"):
        check_tsne()
