"""A check that alignment losses share."""

from torch import Tensor


def check_features(student: Tensor, teacher: Tensor) -> None:
    """Refuse features that broadcasting would silently accept.

    Args:
        student: Projected student features.
        teacher: Teacher features.

    Raises:
        ValueError: If the shapes differ, or there is nothing to compare.
    """
    if student.shape != teacher.shape or student.numel() == 0:
        raise ValueError(
            "`student` and `teacher` must have the same shape [..., dim] and not be empty, "
            f"but are {list(student.shape)} and {list(teacher.shape)}."
        )
