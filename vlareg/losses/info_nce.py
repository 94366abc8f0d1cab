"""Contrastive loss with one positive key."""

import torch
from torch import Tensor

from vlareg.losses.contrastive import ContrastiveLoss, Targets


class InfoNCELoss(ContrastiveLoss):
    r"""Tell a sample's own key from those of the other samples.

    $$L = -\frac{1}{N}\sum_i \log \frac{\exp(\cos(z_i, \tilde z_i)/\tau)}{\sum_k \exp(\cos(z_i, \tilde z_k)/\tau)}$$

    with anchors $z$ and keys $\tilde z$ (of all ranks, with gradients). It is RS-CL with the weights of beta = 0: its
    floor is 0 and it needs no states.

    Args:
        temperature: $\tau$ (dimensionless, > 0).
        reduction: "mean" or "sum" over anchors.

    Raises:
        ValueError: If an argument is out of range.

    Reference:
        van den Oord, Li, Vinyals, "Representation Learning with Contrastive Predictive Coding", 2018, arXiv 1807.03748,
        equation 4, with the cosine as the score.

    Example:
        >>> round(float(InfoNCELoss(temperature=0.2)(torch.eye(4), torch.eye(4))), 3)
        0.02
    """

    def targets(self, states: Tensor | None, keys: int) -> Targets:
        """Return the identity; the states are not looked at."""
        return Targets(torch.eye(keys), torch.tensor(torch.nan))
