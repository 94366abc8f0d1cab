"""The rotation and scale that bring one space nearest to another."""

from typing import Literal, NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from vlareg.functional.checks import RESOLUTION, check_pair
from vlareg.functional.folds import Fold, held_out_folds
from vlareg.functional.precision import full_precision
from vlareg.functional.space import RAW, Space, per_side
from vlareg.shapes import Embeddings, Scalar


class ProcrustesMap(NamedTuple):
    """A translation, rotation and scaling of one space into another.

    Args:
        mean_x: Origin in the first space.
        mean_y: Origin in the second space.
        rotation: Orthogonal on the directions that the fit says something about, and zero on the others. Spaces of different
            width are understood as padded with zeros.
        scale: One factor for all directions.
    """

    mean_x: Float[Tensor, "dim_x"]
    mean_y: Float[Tensor, "dim_y"]
    rotation: Float[Tensor, "dim_x dim_y"]
    scale: Scalar

    def __call__(self, x: Float[Tensor, "samples dim_x"]) -> Float[Tensor, "samples dim_y"]:
        """Return where samples of the first space come to lie in the second."""
        return self.scale * (x - self.mean_x) @ self.rotation + self.mean_y


def fit_procrustes(x: Float[Tensor, "samples dim_x"], y: Float[Tensor, "samples dim_y"]) -> ProcrustesMap:
    """Return the map of x into y with the least squared error.

    Args:
        x: One vector per sample.
        y: One vector per sample, in the same order.

    Raises:
        RuntimeError: If the decomposition fails or is not finite: without a map there is no score.

    Reference:
        Schönemann, "A generalized solution of the orthogonal Procrustes problem", 1966.
    """
    mean_x, mean_y = x.mean(dim=0), y.mean(dim=0)
    (basis_x, x), (basis_y, y) = _coordinates(x - mean_x), _coordinates(y - mean_y)
    u, values, v = torch.linalg.svd(x.T @ y, full_matrices=False)
    scale = values.sum() / x.square().sum()
    if not (scale.isfinite() and u.isfinite().all() and v.isfinite().all()):
        raise RuntimeError("The decomposition behind the Procrustes map is not finite, so there is no map.")
    known = values > RESOLUTION * values[0]
    return ProcrustesMap(mean_x, mean_y, basis_x @ u[:, known] @ v[known] @ basis_y.T, scale)


def _coordinates(
    x: Embeddings,
) -> tuple[Float[Tensor, "dim directions"], Float[Tensor, "samples directions"]]:
    """Return an orthonormal basis and the samples' coordinates in it: fewer of them where there are fewer samples than axes."""
    if len(x) >= x.shape[1]:
        return torch.eye(x.shape[1], dtype=x.dtype, device=x.device), x
    basis, coordinates = torch.linalg.qr(x.T)
    return basis, coordinates.T


def procrustes(
    x: Float[Tensor, "samples dim_x"],
    y: Float[Tensor, "samples dim_y"],
    *,
    groups: Int[Tensor, "samples"] | None = None,
    fit: Literal["held_out", "in_sample"] = "held_out",
    folds: int = 5,
    space: Space | tuple[Space, Space] = RAW,
) -> Scalar:
    r"""Measure what is left of y after the best rotation, scaling and translation of x is subtracted.

    $\sum_i |y_i - m(x_i)|^2 / \sum_i |y_i - \bar y|^2$ where the map $m$ was fitted on other episodes. Lower is better: 0 for
    equal shapes, about 1 for unrelated ones. Spaces of different width are padded with zeros.

    Args:
        x: One vector per sample.
        y: One vector per sample, in the same order.
        groups: Episode of each sample.
        fit: "held_out", or "in_sample" for the classical disparity, which falls as dimensions are added: with as many
            dimensions as samples a rotation brings any two spaces close.
        folds: Parts that the episodes are dealt to; each is scored with the map of the others.
        space: Normalisation, or one for each side.

    Returns:
        The disparity (dimensionless, 0 to 1 in sample, >= 0 held out).

    Raises:
        ValueError: If the samples differ in number, hold NaN or are constant, or `groups` is missing or has too few episodes.
        RuntimeError: If the decomposition fails.

    Reference:
        Gower, "Generalized Procrustes analysis", 1975; in sample it is `scipy.spatial.procrustes`.

    Example:
        >>> x = torch.randn(60, 4)
        >>> episodes = torch.arange(60) // 6
        >>> float(procrustes(x, 3 * x.roll(1, dims=1) + 1, groups=episodes)) < 1e-5
        True
    """
    check_pair(x, y)
    if fit not in ("held_out", "in_sample"):
        raise ValueError(f"`fit` must be 'held_out' or 'in_sample', but got {fit!r}.")
    if fit == "held_out" and groups is None:
        raise ValueError(
            "`groups` must be given, to fit on other episodes; without them there is only `fit='in_sample'`."
        )
    everything = torch.arange(len(x), device=x.device)
    parts = (
        held_out_folds(groups, len(x), folds)
        if fit == "held_out" and groups is not None
        else [Fold(everything, everything)]
    )
    with torch.no_grad(), full_precision(x):
        x, y = (side.place(v).double() for side, v in zip(per_side(space), (x, y), strict=True))
        errors = torch.stack([_error(x, y, part) for part in parts]).sum(dim=0)
        return (errors[0] / errors[1]).float()


def _error(x: Float[Tensor, "samples dim_x"], y: Float[Tensor, "samples dim_y"], part: Fold) -> Float[Tensor, "2"]:
    """Return the squared error of the map, and of the mean."""
    fitted = fit_procrustes(x[part.fit], y[part.fit])
    x, y = x[part.score] - fitted.mean_x, y[part.score] - fitted.mean_y
    # A rotation keeps lengths, in padded dimensions too.
    agreement = (fitted.scale * x @ fitted.rotation * y).sum()
    total = y.square().sum()
    return torch.stack([total - 2 * agreement + (fitted.scale * x).square().sum(), total])
