"""What contrastive losses share: anchors, keys of every rank, soft targets."""

from abc import ABC, abstractmethod
from typing import Literal, NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from vlareg.distributed import all_gather_with_grad, rank, rows_of_ranks, world_size
from vlareg.functional.precision import at_least_float32, full_precision
from vlareg.shapes import Embeddings, Scalar

Reduction = Literal["mean", "sum"]


class Targets(NamedTuple):
    """How much each key weighs for each anchor.

    Args:
        weights: Rows sum to 1.
        beta: Temperature of the weights, in the states' unit; NaN where the weights are not from states.
    """

    weights: Float[Tensor, "anchors keys"]
    beta: Scalar


class ContrastiveTerms(NamedTuple):
    """A contrastive loss and what to watch beside it; all but `loss` are without gradient and means over this rank's
    anchors.

    Args:
        loss: The loss, as its `reduction` says (nats).
        floor: Entropy of the weights, below which the mean loss cannot fall (nats).
        kl: Mean loss above the floor (nats, >= 0): what can be learned.
        perplexity: exp(floor): how many keys an anchor is drawn to (1 .. number of keys).
        positive_cosine: Mean cosine of an anchor and its own key, in [-1, 1].
        negative_cosine: Mean cosine of an anchor and the other keys, in [-1, 1].
        beta: Temperature of the weights, in the states' unit.
    """

    loss: Scalar
    floor: Scalar
    kl: Scalar
    perplexity: Scalar
    positive_cosine: Scalar
    negative_cosine: Scalar
    beta: Scalar


class ContrastiveLoss(nn.Module, ABC):
    """Cross-entropy of soft targets and the softmax of cosines between anchors and keys of every rank.

    Args:
        temperature: Divides the cosines (dimensionless, > 0).
        reduction: "mean" or "sum" over the anchors of all ranks. Each rank's value is scaled such that the mean over
            ranks, which DDP takes of the gradients, is that of one process with the whole batch.

    Raises:
        ValueError: If `temperature` or `reduction` is out of range.
    """

    def __init__(self, temperature: float = 0.2, reduction: Reduction = "mean") -> None:
        super().__init__()
        if not temperature > 0:
            raise ValueError(f"`temperature` must be > 0, but got {temperature}.")
        if reduction not in ("mean", "sum"):
            raise ValueError(f"`reduction` must be 'mean' or 'sum', but got {reduction!r}.")
        self.temperature = temperature
        self.reduction = reduction

    @abstractmethod
    def targets(self, states: Float[Tensor, "keys state_dim"] | None, keys: int) -> Targets:
        """Return the weights of every key for every key as anchor.

        Args:
            states: Robot states of all ranks, if there are any.
            keys: Number of keys of all ranks.
        """

    def forward(
        self, z: Embeddings, z_cutoff: Embeddings, states: Float[Tensor, "samples state_dim"] | None = None
    ) -> Scalar:
        """Return the loss.

        Args:
            z: Anchors.
            z_cutoff: Keys, one for each anchor.
            states: Robot states that the weights are made from; no gradient flows into them.

        Returns:
            The loss (nats).

        Raises:
            ValueError: If shapes do not fit, all ranks together hold fewer than 2 samples, or the states are unusable.
        """
        return self.terms(z, z_cutoff, states).loss

    def terms(
        self, z: Embeddings, z_cutoff: Embeddings, states: Float[Tensor, "samples state_dim"] | None = None
    ) -> ContrastiveTerms:
        """Return the loss and what to watch beside it; arguments and errors as in `forward`."""
        _check_shapes(z, z_cutoff, states)
        with full_precision(z):
            rows = rows_of_ranks(z)
            keys = all_gather_with_grad(F.normalize(at_least_float32(z_cutoff), dim=1))
            cosines = F.normalize(at_least_float32(z), dim=1) @ keys.T
            if len(keys) < 2:
                raise ValueError(
                    "`z` must hold at least 2 samples over all ranks, but got 1 (use `drop_last` in the data loader)."
                )
            with torch.no_grad():
                gathered = all_gather_with_grad(states.detach().to(keys.dtype)) if states is not None else None
                weights, beta = self.targets(gathered, len(keys))
            start = sum(rows[: rank()])
            own = slice(start, start + len(z))
            return self._terms(cosines, weights[own].to(cosines), beta, own)

    def _terms(self, cosines: Tensor, weights: Tensor, beta: Scalar, own: slice) -> ContrastiveTerms:
        losses = -(weights * F.log_softmax(cosines / self.temperature, dim=1)).sum(dim=1)
        scale = world_size() if self.reduction == "sum" else world_size() / cosines.shape[1]
        loss = losses.sum() * scale
        with torch.no_grad():
            floor = torch.special.entr(weights).sum(dim=1).mean()
            positive = cosines[:, own].diagonal()
            negatives = len(cosines) * (cosines.shape[1] - 1)
            return ContrastiveTerms(
                loss=loss,
                floor=floor,
                kl=losses.detach().mean() - floor,
                perplexity=floor.exp(),
                positive_cosine=positive.mean(),
                negative_cosine=(cosines.sum() - positive.sum()) / negatives,
                beta=beta,
            )


def _check_shapes(z: Tensor, z_cutoff: Tensor, states: Tensor | None) -> None:
    if z.ndim != 2 or z.shape != z_cutoff.shape:
        raise ValueError(
            f"`z` and `z_cutoff` must both be [samples, dim], but are {list(z.shape)} and {list(z_cutoff.shape)}."
        )
    if states is not None and (states.ndim != 2 or len(states) != len(z)):
        raise ValueError(
            f"`states` must be [{len(z)}, state_dim] as `z` has {len(z)} samples, but is {list(states.shape)}."
        )
