"""Signs that a contrastive regularizer teaches nothing."""

import warnings
from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from vlareg.functional.precision import at_least_float32, full_precision
from vlareg.shapes import Embeddings, Scalar

UNIFORM = 0.95
"""Share of the keys from which on weights are all but uniform (dimensionless)."""
COLLAPSED = 1.5
"""Effective rank below which z takes one direction only; a random z of 32 samples has over 20."""
PATIENCE = 100
"""Successive steps after which a collapse is no accident of a fresh head."""
LEAST_SAMPLES = 4
"""Fewer vectors have no rank to speak of."""


class ContrastiveHealth:
    """Warn once of weights that are all but uniform, and once of a z that has collapsed.

    Args:
        name: The regularizer's name, for the message.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._collapsed_steps = 0
        self._warned: set[str] = set()

    def check(self, logs: Mapping[str, Tensor]) -> None:
        """Look at one training step.

        Args:
            logs: `perplexity`, `keys` and `effective_rank`.
        """
        perplexity, keys, rank = (float(logs[key]) for key in ("perplexity", "keys", "effective_rank"))
        if perplexity > UNIFORM * keys:
            self._warn(
                "uniform",
                f"draws an anchor to {perplexity:.1f} of {keys:.1f} keys, so there is next to nothing to learn. "
                "Lower `beta`, or let it follow the states: RSCLLoss(beta=0.25, beta_unit='median').",
            )
        self._collapsed_steps = self._collapsed_steps + 1 if rank < COLLAPSED else 0
        if self._collapsed_steps >= PATIENCE:
            self._warn(
                "collapsed",
                f"has a z of effective rank {rank:.2f} since {PATIENCE} steps: all samples look the same to it. "
                "Lower `temperature` or `weight`, or tap another `layer`.",
            )

    def _warn(self, kind: str, message: str) -> None:
        if kind not in self._warned:
            self._warned.add(kind)
            warnings.warn(f"Regularizer `{self.name}` {message}", stacklevel=2)


def effective_rank_of_directions(z: Embeddings) -> Scalar:
    r"""Return over how many directions vectors spread, $\exp$ of the entropy of their normalised singular values.

    Unlike `effective_rank` it does not take the mean away, so vectors that all point one way have rank 1, and it never
    raises: while a policy trains, vectors that are not finite, or too few, give NaN.

    Args:
        z: One vector per sample.

    Returns:
        A number of dimensions, from 1 to min(samples, dim), or NaN.

    Reference:
        Roy, Vetterli, "The effective rank: A measure of effective dimensionality", 2007, equation 3; as a sign of
        collapse: Garrido et al., "RankMe", 2022, arXiv 2210.02885, equation 1.

    Example:
        >>> round(float(effective_rank_of_directions(torch.eye(4))), 3)
        4.0
    """
    with torch.no_grad(), full_precision(z):
        directions = F.normalize(at_least_float32(z), dim=1)
        if len(z) < LEAST_SAMPLES or not directions.isfinite().all():
            return directions.new_tensor(torch.nan)
        values = torch.linalg.svdvals(directions)
        rank: Tensor = torch.special.entr(values / values.sum()).sum().exp()
        return rank
