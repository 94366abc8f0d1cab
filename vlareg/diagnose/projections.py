"""Vectors as points in a plane."""

import importlib.util

import torch
from jaxtyping import Float
from torch import Tensor

from vlareg.functional.checks import check_embeddings
from vlareg.functional.precision import full_precision
from vlareg.shapes import Embeddings

PERPLEXITY = 30.0
"""Number of neighbours that t-SNE keeps near, about; less where there are few samples."""


def pca(x: Embeddings) -> tuple[Float[Tensor, "samples 2"], float]:
    """Project on the two directions of largest variance.

    Args:
        x: One vector of at least two dimensions per sample.

    Returns:
        The points, and the share of the variance that they keep, in [0, 1].

    Raises:
        ValueError: If the vectors are not finite or all equal.

    Example:
        >>> points, kept = pca(torch.tensor([[1.0, 0, 0], [-1, 0, 0], [0, 2, 0], [0, -2, 0]]))
        >>> points.abs().round().tolist(), round(kept, 3)
        ([[0.0, 1.0], [0.0, 1.0], [2.0, 0.0], [2.0, 0.0]], 1.0)
    """
    check_embeddings(x, "x")
    with full_precision(x):
        left, values, _ = torch.linalg.svd(x.float() - x.float().mean(dim=0), full_matrices=False)
        kept = values[:2].square().sum() / values.square().sum()
        return left[:, :2] * values[:2], float(kept)


def check_tsne() -> None:
    """Refuse to start what would end without t-SNE.

    Raises:
        ModuleNotFoundError: scikit-learn is not installed.
    """
    if importlib.util.find_spec("sklearn") is None:
        raise ModuleNotFoundError(
            "t-SNE needs scikit-learn: `pip install vlareg[diagnose]`, or leave it out with `--tsne false`."
        )


def tsne(x: Embeddings, seed: int) -> Float[Tensor, "samples 2"]:
    """Place samples so that neighbours stay neighbours; distances between groups mean nothing.

    Args:
        x: One vector per sample, at least 4.
        seed: Of the optimisation.

    Raises:
        ValueError: If the vectors are not finite or all equal, or too few.

    Reference:
        van der Maaten, Hinton, "Visualizing Data using t-SNE", JMLR 9 (2008), equations 1-5; scikit-learn's Barnes-Hut
        approximation, started from the principal components.
    """
    from sklearn.manifold import TSNE  # slow to import, and only needed here

    check_embeddings(x, "x")
    if len(x) < 4:
        raise ValueError(f"`x` must have at least 4 samples, but has {len(x)}.")
    perplexity = min(PERPLEXITY, (len(x) - 1) / 3)
    points = TSNE(perplexity=perplexity, init="pca", random_state=seed).fit_transform(x.float().numpy())
    return torch.from_numpy(points)
