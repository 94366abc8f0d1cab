"""Negative cosine between student and teacher features."""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from vlareg.functional.precision import at_least_float32, full_precision
from vlareg.losses.check_features import check_features
from vlareg.shapes import Scalar


class CosineAlignmentLoss(nn.Module):
    r"""Turn each student feature towards the teacher's: $L = -\mathrm{mean}_i \cos(s_i, t_i)$, in [-1, 1].

    No gradient flows into the teacher. A feature of zeros has cosine 0.

    Vision encoders' features have a large mean, so a constant student already has a high cosine (0.49 with EfficientNet-Lite0 on the
    embedded suite). With `centred` the mean over the batch's places is taken from both sides first, and only what differs from
    place to place counts.

    Args:
        centred: Compare deviations from the batch's means. The paper does not.

    Reference:
        Kachaev et al., "Don't Blind Your VLA: Aligning Visual Representations for OOD Generalization", 2025, arXiv
        2510.25616, the alignment loss; Yu et al., "Representation Alignment for Generation", 2024, arXiv 2410.06940.

    Example:
        >>> import torch
        >>> float(CosineAlignmentLoss()(torch.eye(3), 2 * torch.eye(3)))
        -1.0
        >>> abs(float(CosineAlignmentLoss(centred=True)(torch.ones(3, 3), 1 + torch.eye(3))))
        0.0
    """

    def __init__(self, centred: bool = False) -> None:
        super().__init__()
        self.centred = centred

    def forward(self, student: Float[Tensor, "*batch dim"], teacher: Float[Tensor, "*batch dim"]) -> Scalar:
        """Return the mean negative cosine.

        Args:
            student: Projected student features.
            teacher: Teacher features of the same places.

        Returns:
            The loss (dimensionless, in [-1, 1]).

        Raises:
            ValueError: If the shapes differ.
        """
        check_features(student, teacher)
        with full_precision(student):
            s, t = at_least_float32(student), at_least_float32(teacher.detach())
            if self.centred:
                s, t = (x - x.flatten(0, -2).mean(dim=0) for x in (s, t))
            return -F.cosine_similarity(s, t, dim=-1).mean()
