"""Squared distance between student and teacher features."""

from jaxtyping import Float
from torch import Tensor, nn

from vlareg.functional.precision import at_least_float32, full_precision
from vlareg.losses.check_features import check_features
from vlareg.shapes import Scalar


class L2AlignmentLoss(nn.Module):
    r"""Draw each student feature to the teacher's: $L = \mathrm{mean}_{i,d} (s_{id} - t_{id})^2$.

    No gradient flows into the teacher. The mean is over places and dimensions, so the value does not grow with the
    teacher's width.

    Reference:
        Kachaev et al., "Don't Blind Your VLA: Aligning Visual Representations for OOD Generalization", 2025, arXiv
        2510.25616, the L2 row of the loss ablation.

    Example:
        >>> import torch
        >>> float(L2AlignmentLoss()(torch.zeros(2, 4), torch.full((2, 4), 3.0)))
        9.0
    """

    def forward(self, student: Float[Tensor, "*batch dim"], teacher: Float[Tensor, "*batch dim"]) -> Scalar:
        """Return the mean squared difference.

        Args:
            student: Projected student features.
            teacher: Teacher features of the same places.

        Returns:
            The loss (squared units of the teacher's features, >= 0).

        Raises:
            ValueError: If the shapes differ.
        """
        check_features(student, teacher)
        with full_precision(student):
            return (at_least_float32(student) - at_least_float32(teacher.detach())).square().mean()
