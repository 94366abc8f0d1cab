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

    Reference:
        Kachaev et al., "Don't Blind Your VLA: Aligning Visual Representations for OOD Generalization", 2025, arXiv
        2510.25616, the alignment loss; Yu et al., "Representation Alignment for Generation", 2024, arXiv 2410.06940.

    Example:
        >>> import torch
        >>> float(CosineAlignmentLoss()(torch.eye(3), 2 * torch.eye(3)))
        -1.0
    """

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
            return -F.cosine_similarity(at_least_float32(student), at_least_float32(teacher.detach()), dim=-1).mean()
