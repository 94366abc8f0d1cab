"""Contrastive loss with one positive key."""

from typing import ClassVar

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from vlareg.losses.contrastive import ContrastiveLoss, Reduction, Targets


class InfoNCELoss(ContrastiveLoss):
    r"""Tell a sample's own key from those of the other samples.

    $$L = -\frac{1}{N}\sum_i \log \frac{\exp(\cos(z_i, \tilde z_i)/\tau)}{\sum_k \exp(\cos(z_i, \tilde z_k)/\tau)}$$

    with anchors $z$ and keys $\tilde z$ (of all ranks, with gradients). It is RS-CL with the weights of beta = 0: its
    floor is 0 and it needs no states.

    Args:
        temperature: $\tau$ (dimensionless, > 0).
        reduction: "mean" or "sum" over anchors.
        stop_gradient: Whether keys are constants.
        symmetric: Whether to take the mean with the loss of the other direction.
        exclude_steps: Other frames of the same episode at most so many environment steps away are no negatives.

    Raises:
        ValueError: If an argument is out of range.

    Reference:
        van den Oord, Li, Vinyals, "Representation Learning with Contrastive Predictive Coding", 2018, arXiv 1807.03748,
        equation 4, with the cosine as the score.

    Example:
        >>> round(float(InfoNCELoss(temperature=0.2)(torch.eye(4), torch.eye(4))), 3)
        0.02
    """

    uses_states: ClassVar[bool] = False

    def __init__(
        self,
        temperature: float = 0.2,
        reduction: Reduction = "mean",
        *,
        stop_gradient: bool = False,
        symmetric: bool = False,
        exclude_steps: int = 0,
    ) -> None:
        super().__init__(
            temperature, reduction, stop_gradient=stop_gradient, symmetric=symmetric, exclude_steps=exclude_steps
        )

    def targets(self, states: Float[Tensor, "keys state_dim"] | None, compared: Bool[Tensor, "keys keys"]) -> Targets:
        """Return the identity; the states are not looked at."""
        return Targets(torch.eye(len(compared), device=compared.device), torch.tensor(torch.nan))
