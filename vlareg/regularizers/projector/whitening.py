"""A trainable linear map of whitened features."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from vlareg.distributed import mean_over_ranks
from vlareg.functional.precision import at_least_float32, full_precision
from vlareg.regularizers.projector.base import Projector
from vlareg.shapes import Embeddings

SMALLEST_VARIANCE = 1e-6
"""Variance added to each channel before `eps` applies, as a fraction of the largest: a constant channel has none."""


class WhiteningProjector(Projector):
    r"""Remove mean and correlations of the features, then map them by a trainable linear layer:

    $$y = W L^{-1} (x - \mu) + b,\qquad L L^T = \Sigma + \epsilon\,\mathrm{diag}(\Sigma)$$
    with the running mean $\mu$ and covariance $\Sigma$ of the student's features. L is the Cholesky factor: other square
    roots differ by a rotation, which W absorbs.

    In train mode each call first updates the statistics with the patches of all ranks, then uses them as constants: no
    gradient flows through them, and at most the newest batch separates training from evaluation. In eval mode nothing
    is updated and no rank waits for another; before the first update the features pass as they are. The statistics are
    buffers, saved with the checkpoint. Layers that share the projector share them too. A call costs O(patches
    in_dim^2 + in_dim^3).

    Args:
        in_dim: Width of the input.
        out_dim: Width of the output.
        momentum: Share of the newest call in the statistics, once 1 / momentum calls were seen; until then all calls
            count equally (in (0, 1]).
        eps: Shrinks correlations: a direction of the standardised channels with variance v keeps v / (v + eps)
            (dimensionless, > 0).

    Raises:
        ValueError: If an argument is out of range; in `forward`, if the features have another width.

    Reference:
        Kachaev et al., "Don't Blind Your VLA", 2025, arXiv 2510.25616, a row of the projector ablation, which says no
        more than the name; Kessy, Lewin, Strimmer, "Optimal Whitening and Decorrelation", 2018, arXiv 1512.00809,
        section 2.2 on the Cholesky factor.

    Example:
        >>> _ = torch.manual_seed(0)
        >>> projector = WhiteningProjector(2, out_dim=2, eps=1e-4)
        >>> features = torch.randn(5000, 2) @ torch.tensor([[3.0, 1.0], [0.0, 1.0]]) + 7
        >>> _ = projector(features)
        >>> [[round(abs(float(c)), 2) for c in row] for row in projector.whiten(features).T.cov()]
        [[1.0, 0.0], [0.0, 1.0]]
    """

    mean: Float[Tensor, "in_dim"]
    covariance: Float[Tensor, "in_dim in_dim"]
    updates: Int[Tensor, ""]

    def __init__(self, in_dim: int, out_dim: int, momentum: float = 0.01, eps: float = 0.01) -> None:
        super().__init__(in_dim, out_dim)
        if not 0 < momentum <= 1:
            raise ValueError(f"`momentum` must be in (0, 1], but got {momentum}.")
        if not eps > 0:
            raise ValueError(f"`eps` must be > 0, but got {eps}.")
        self.momentum, self.eps = momentum, eps
        self.register_buffer("mean", torch.zeros(in_dim))
        self.register_buffer("covariance", torch.eye(in_dim))
        self.register_buffer("updates", torch.tensor(0))
        self.linear = nn.Linear(in_dim, out_dim)

    def project(self, features: Float[Tensor, "*batch in_dim"]) -> Float[Tensor, "*batch out_dim"]:
        """Return the linear layer's output of the whitened features."""
        if self.training:
            self.update(features.detach().reshape(-1, self.in_dim))
        projected: Tensor = self.linear(self.whiten(features).to(features.dtype))
        return projected

    @torch.no_grad()
    def update(self, features: Embeddings) -> None:
        """Let the features of all ranks, which may differ in number, into the statistics.

        Args:
            features: This rank's features.
        """
        with full_precision(features):
            x = at_least_float32(features)
            share = mean_over_ranks(x.new_tensor(float(len(x))))
            mean = mean_over_ranks(x.sum(dim=0)) / share
            centred = x - mean
            covariance = mean_over_ranks(centred.T @ centred) / share
            self.updates += 1
            newest = max(self.momentum, 1 / int(self.updates))
            shift = mean - self.mean
            between = (1 - newest) * torch.outer(shift, shift)
            self.covariance.lerp_((covariance + between).to(self.covariance.dtype), newest)
            self.mean.lerp_(mean.to(self.mean.dtype), newest)

    def whiten(self, features: Float[Tensor, "*batch in_dim"]) -> Float[Tensor, "*batch in_dim"]:
        """Return the features with the mean and the correlations that the statistics know of removed.

        Args:
            features: Features of any float type.
        """
        if not self.updates:
            return features
        with full_precision(features):
            x, mean, covariance = (at_least_float32(part) for part in (features, self.mean, self.covariance))
            variance = covariance.diagonal()
            ridge = self.eps * (variance + SMALLEST_VARIANCE * variance.max())
            factor = torch.linalg.cholesky(covariance + ridge.diag())
            rows = (x - mean).reshape(-1, self.in_dim)
            whitened: Tensor = torch.linalg.solve_triangular(factor.T, rows, upper=True, left=False)
            return whitened.view_as(x)
