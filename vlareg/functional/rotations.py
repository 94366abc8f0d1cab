"""Rotations in a form whose distances mean something."""

import torch
from jaxtyping import Float
from torch import Tensor

from vlareg.functional.precision import at_least_float32, full_precision


def axis_angle_to_matrix(rotation: Float[Tensor, "*batch 3"]) -> Float[Tensor, "*batch 3 3"]:
    r"""Turn axis-angle vectors (rad) into rotation matrices by Rodrigues' formula.

    $R = I + \frac{\sin\theta}{\theta} K + \frac{1 - \cos\theta}{\theta^2} K^2$ with $\theta = |r|$ and $K$ the
    cross-product matrix of $r$.

    Args:
        rotation: Axis times angle (rad).

    Returns:
        Rotation matrices (dimensionless).

    Example:
        >>> axis_angle_to_matrix(torch.zeros(3)).tolist()
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    """
    with full_precision(rotation):
        r = at_least_float32(rotation)
        zero = torch.zeros_like(r[..., 0])
        x, y, z = r.unbind(dim=-1)
        cross = torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], dim=-1).reshape(*r.shape, 3)
        angle = torch.linalg.vector_norm(r, dim=-1)[..., None, None]
        # torch.sinc is sin(pi t) / (pi t), exact at zero.
        sine, half_sine = torch.sinc(angle / torch.pi), torch.sinc(angle / (2 * torch.pi))
        return torch.eye(3, dtype=r.dtype, device=r.device) + sine * cross + half_sine.square() / 2 * (cross @ cross)


def axis_angle_to_6d(rotation: Float[Tensor, "*batch 3"]) -> Float[Tensor, "*batch 6"]:
    """Turn axis-angle vectors (rad) into the first two columns of the rotation matrix, one after the other.

    Unlike axis-angle this is continuous: a rotation by nearly pi about an axis and about its opposite are near each
    other.

    Args:
        rotation: Axis times angle (rad).

    Returns:
        First column (3), second column (3) (dimensionless, in [-1, 1]).

    Reference:
        Zhou, Barnes, Lu, Yang, Li, "On the Continuity of Rotation Representations in Neural Networks", 2019, arXiv
        1812.07035, section 4.2.

    Example:
        >>> axis_angle_to_6d(torch.zeros(3)).tolist()
        [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]
    """
    return axis_angle_to_matrix(rotation)[..., :2].transpose(-1, -2).flatten(-2)
