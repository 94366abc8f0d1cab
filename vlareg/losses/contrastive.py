"""What contrastive losses share: anchors, keys of every rank, soft targets."""

from abc import ABC, abstractmethod
from typing import ClassVar, Literal, NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from vlareg.distributed import all_gather_with_grad, rank, rows_of_ranks, world_size
from vlareg.functional.precision import at_least_float32, full_precision
from vlareg.shapes import Embeddings, Scalar

Reduction = Literal["mean", "sum"]


class Frames(NamedTuple):
    """Where each sample stands in its demonstration.

    Args:
        episodes: Number of the episode.
        steps: A counter that rises by one with each environment step of an episode.
    """

    episodes: Int[Tensor, "samples"]
    steps: Int[Tensor, "samples"]


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
        keys: Mean number of keys that an anchor is compared with.
        positive_cosine: Mean cosine of an anchor and its own key, in [-1, 1].
        negative_cosine: Mean cosine of an anchor and the other keys, in [-1, 1].
        alignment: Mean squared distance of an anchor and the keys it is drawn to, on the unit sphere, in [0, 4].
        uniformity: log of the mean of exp(-2 squared distance) over anchors and other keys, in [-8, 0]; lower is more
            spread out.
        beta: Temperature of the weights, in the states' unit.

    Reference:
        Wang, Isola, "Understanding Contrastive Representation Learning through Alignment and Uniformity on the
        Hypersphere", 2020, arXiv 2005.10242, equations 5 and 6 (alpha = 2, t = 2). Here the positives are weighted, and
        pairs are of an anchor and a key.
    """

    loss: Scalar
    floor: Scalar
    kl: Scalar
    perplexity: Scalar
    keys: Scalar
    positive_cosine: Scalar
    negative_cosine: Scalar
    alignment: Scalar
    uniformity: Scalar
    beta: Scalar


class ContrastiveLoss(nn.Module, ABC):
    """Cross-entropy of soft targets and the softmax of cosines between anchors and keys of every rank.

    Args:
        temperature: Divides the cosines (dimensionless, > 0).
        reduction: "mean" or "sum" over the anchors of all ranks. Each rank's value is scaled such that the mean over
            ranks, which DDP takes of the gradients, is that of one process with the whole batch.
        include_self: Whether an anchor's own key is among those it is compared with.
        stop_gradient: Whether keys are constants.
        symmetric: Whether to take the mean with the loss of the other direction, clean keys for cut-off anchors.
        exclude_steps: Other frames of the same episode at most so many environment steps away are not compared (>= 0):
            they are all but copies, as negatives wrong and as positives trivial.

    Raises:
        ValueError: If an argument is out of range.
    """

    uses_states: ClassVar[bool] = True

    def __init__(
        self,
        temperature: float = 0.2,
        reduction: Reduction = "mean",
        *,
        include_self: bool = True,
        stop_gradient: bool = False,
        symmetric: bool = False,
        exclude_steps: int = 0,
    ) -> None:
        super().__init__()
        if not temperature > 0:
            raise ValueError(f"`temperature` must be > 0, but got {temperature}.")
        if reduction not in ("mean", "sum"):
            raise ValueError(f"`reduction` must be 'mean' or 'sum', but got {reduction!r}.")
        if exclude_steps < 0:
            raise ValueError(f"`exclude_steps` must be >= 0, but got {exclude_steps}.")
        self.temperature = temperature
        self.reduction = reduction
        self.include_self = include_self
        self.stop_gradient = stop_gradient
        self.symmetric = symmetric
        self.exclude_steps = exclude_steps

    @abstractmethod
    def targets(self, states: Float[Tensor, "keys state_dim"] | None, compared: Bool[Tensor, "keys keys"]) -> Targets:
        """Return the weights of every key for every key as anchor.

        Args:
            states: Robot states of all ranks, if there are any.
            compared: True where an anchor (row) is compared with a key (column); weights are 0 elsewhere.
        """

    def forward(
        self,
        z: Embeddings,
        z_cutoff: Embeddings,
        states: Float[Tensor, "samples state_dim"] | None = None,
        frames: Frames | None = None,
    ) -> Scalar:
        """Return the loss.

        Args:
            z: Anchors.
            z_cutoff: Keys, one for each anchor.
            states: Robot states that the weights are made from; no gradient flows into them.
            frames: Episode and step of each sample, needed by `exclude_steps`.

        Returns:
            The loss (nats).

        Raises:
            ValueError: If shapes do not fit, all ranks together hold fewer than 2 samples, the states are unusable, or
                nothing is left to compare an anchor with.
        """
        return self.terms(z, z_cutoff, states, frames).loss

    def terms(
        self,
        z: Embeddings,
        z_cutoff: Embeddings,
        states: Float[Tensor, "samples state_dim"] | None = None,
        frames: Frames | None = None,
    ) -> ContrastiveTerms:
        """Return the loss and what to watch beside it; arguments and errors as in `forward`."""
        _check_shapes(z, z_cutoff, states, frames)
        with full_precision(z):
            rows = rows_of_ranks(z)
            first = sum(rows[: rank()])
            own = slice(first, first + len(z))
            with torch.no_grad():
                compared = self._compared(sum(rows), frames, z.device)
                every = all_gather_with_grad(at_least_float32(states)) if states is not None else None
                weights, beta = self.targets(every, compared)
            anchors, keys = (F.normalize(at_least_float32(side), dim=1) for side in (z, z_cutoff))
            directions = [(anchors, keys), (keys, anchors)] if self.symmetric else [(anchors, keys)]
            cosines = torch.stack([a @ self._all_ranks(k).T for a, k in directions])
            return self._terms(cosines, weights[own].to(cosines), compared[own], beta, own)

    def _all_ranks(self, keys: Tensor) -> Tensor:
        return all_gather_with_grad(keys.detach() if self.stop_gradient else keys)

    def _compared(self, samples: int, frames: Frames | None, device: torch.device) -> Bool[Tensor, "keys keys"]:
        if samples < 2:
            raise ValueError(
                "`z` must hold at least 2 samples over all ranks, but got 1 (use `drop_last` in the data loader)."
            )
        itself = torch.eye(samples, dtype=torch.bool, device=device)
        compared = ~itself
        if self.exclude_steps:
            if frames is None:
                raise ValueError(f"`frames` are needed, as `exclude_steps` is {self.exclude_steps}.")
            episodes, steps = (all_gather_with_grad(part.to(device)) for part in frames)
            near = (steps[:, None] - steps).abs() <= self.exclude_steps
            compared &= ~((episodes[:, None] == episodes) & near)
        compared |= itself & self.include_self
        if not (compared & ~itself).any() or not compared.any(dim=1).all():
            raise ValueError("`exclude_steps` and `include_self` leave nothing to compare an anchor with.")
        return compared

    def _terms(
        self,
        cosines: Float[Tensor, "directions anchors keys"],
        weights: Float[Tensor, "anchors keys"],
        compared: Bool[Tensor, "anchors keys"],
        beta: Scalar,
        own: slice,
    ) -> ContrastiveTerms:
        logits = (cosines / self.temperature).masked_fill(~compared, -torch.inf)
        # Where nothing is compared the logarithm is -inf and the weight 0.
        log_p = F.log_softmax(logits, dim=-1).masked_fill(~compared, 0)
        losses = -(weights * log_p).sum(dim=-1).mean(dim=0)
        scale = world_size() if self.reduction == "sum" else world_size() / cosines.shape[-1]
        loss = losses.sum() * scale
        with torch.no_grad():
            floor = torch.special.entr(weights).sum(dim=1).mean()
            cosines = cosines.mean(dim=0)
            positive = cosines[:, own].diagonal()
            others = torch.ones_like(compared)
            others[:, own].fill_diagonal_(False)
            return ContrastiveTerms(
                loss=loss,
                floor=floor,
                kl=losses.detach().mean() - floor,
                perplexity=floor.exp(),
                keys=compared.sum(dim=1).float().mean(),
                positive_cosine=positive.mean(),
                negative_cosine=cosines[others].mean(),
                alignment=(weights * (2 - 2 * cosines)).sum(dim=1).mean(),
                uniformity=(4 * cosines[others] - 4).exp().mean().log(),
                beta=beta,
            )


def _check_shapes(z: Tensor, z_cutoff: Tensor, states: Tensor | None, frames: Frames | None) -> None:
    if z.ndim != 2 or z.shape != z_cutoff.shape:
        raise ValueError(
            f"`z` and `z_cutoff` must both be [samples, dim], but are {list(z.shape)} and {list(z_cutoff.shape)}."
        )
    if states is not None and (states.ndim != 2 or len(states) != len(z)):
        raise ValueError(
            f"`states` must be [{len(z)}, state_dim] as `z` has {len(z)} samples, but is {list(states.shape)}."
        )
    if frames is not None and any(part.shape != z.shape[:1] for part in frames):
        raise ValueError(
            f"`frames` must hold {len(z)} episodes and steps as `z` has {len(z)} samples, "
            f"but hold {[list(part.shape) for part in frames]}."
        )
