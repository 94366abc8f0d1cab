"""Contrastive loss between student and teacher patches."""

from typing import Literal, get_args

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from vlareg.functional.precision import at_least_float32, full_precision
from vlareg.losses.check_features import check_features
from vlareg.shapes import Scalar

Negatives = Literal["image", "batch"]


class PatchInfoNCELoss(nn.Module):
    r"""Tell the teacher's feature of a patch from those of other patches:

    $$L = -\frac{1}{N}\sum_i \log \frac{\exp(\cos(s_i, t_i)/\tau)}{\sum_{k \in K(i)} \exp(\cos(s_i, t_k)/\tau)}$$

    with the student's features $s$ and the teacher's $t$, into which no gradient flows. $K(i)$ are the patches of the
    same view of the same image, or of the whole batch, the positive included. Nothing is gathered over ranks: an image
    has hundreds of negatives, and what two images share (the robot, the table) would be false ones. The value of equal
    features is the logarithm of the number of keys. A feature of zeros has cosine 0.

    Args:
        temperature: $\tau$ (dimensionless, > 0).
        negatives: "image", the patches of the same view, so that the loss is about places; or "batch", those of all
            images and views of this rank, so that it is about images too (memory: the square of their number).

    Raises:
        ValueError: If an argument is out of range.

    Reference:
        van den Oord, Li, Vinyals, "Representation Learning with Contrastive Predictive Coding", 2018, arXiv 1807.03748,
        equation 4, with the cosine as the score; Kachaev et al., "Don't Blind Your VLA", 2025, arXiv 2510.25616, the
        InfoNCE row of the loss ablation, for which we chose negatives and temperature ourselves.

    Example:
        >>> import math
        >>> loss = PatchInfoNCELoss()(torch.ones(2, 16, 8), torch.ones(2, 16, 8))
        >>> math.isclose(float(loss), math.log(16), abs_tol=1e-6)
        True
    """

    def __init__(self, temperature: float = 0.2, negatives: Negatives = "image") -> None:
        super().__init__()
        if not temperature > 0:
            raise ValueError(f"`temperature` must be > 0, but got {temperature}.")
        if negatives not in get_args(Negatives):
            raise ValueError(f"`negatives` must be 'image' or 'batch', but got {negatives!r}.")
        self.temperature = temperature
        self.negatives = negatives

    def forward(
        self, student: Float[Tensor, "*batch patches dim"], teacher: Float[Tensor, "*batch patches dim"]
    ) -> Scalar:
        """Return the loss.

        Args:
            student: Projected student features; the last axis but one is that of an image's patches.
            teacher: Teacher features of the same places.

        Returns:
            The mean over patches (nats, >= 0).

        Raises:
            ValueError: If the shapes differ, or there is no negative.
        """
        check_features(student, teacher)
        patches = (student.shape[:-1] if self.negatives == "batch" else student.shape[-2:-1]).numel()
        if patches < 2:
            raise ValueError(
                f"`student` must have at least 2 patches to compare, but is {list(student.shape)} and `negatives` is "
                f"{self.negatives!r}."
            )
        with full_precision(student):
            anchors, keys = (
                F.normalize(at_least_float32(side), dim=-1).reshape(-1, patches, side.shape[-1])
                for side in (student, teacher.detach())
            )
            logits = anchors @ keys.to(anchors.dtype).mT / self.temperature
            own = torch.arange(patches, device=logits.device).expand(len(logits), -1)
            return F.cross_entropy(logits.flatten(0, 1), own.flatten())
