"""How far two robot states are apart."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import inf, sqrt

import torch
from jaxtyping import Float
from torch import Tensor

ORTHONORMAL = 1e-3
"""Largest error of the columns' products that float16 storage of a rotation explains."""


class StateDistance(ABC):
    """Distances between all states of a batch."""

    @abstractmethod
    def __call__(self, states: Float[Tensor, "samples dim"]) -> Float[Tensor, "samples samples"]:
        """Return the distances, zero on the diagonal.

        Args:
            states: One state per sample.
        """


@dataclass(frozen=True)
class EuclideanDistance(StateDistance):
    r"""$\lVert q_i - q_j \rVert_2$, as in the paper: of a rotation in 6-D form, the distance of its columns.

    Reference:
        Kim et al., "Contrastive Representation Regularization for Vision-Language-Action Models", 2025, arXiv
        2510.01711.

    Example:
        >>> EuclideanDistance()(torch.tensor([[0.0, 0.0], [3.0, 4.0]])).tolist()
        [[0.0, 5.0], [5.0, 0.0]]
    """

    def __call__(self, states: Float[Tensor, "samples dim"]) -> Float[Tensor, "samples samples"]:
        """Return the distances."""
        # The mode by matrix products loses the small distances, which decide.
        return torch.cdist(states, states, compute_mode="donot_use_mm_for_euclid_dist")


@dataclass(frozen=True)
class PoseDistance(StateDistance):
    r"""Compare rotations by the angle between them: $\sqrt{\lVert \Delta r \rVert^2 + (\theta / u)^2}$.

    $r$ is the state without its rotation and $\theta$ the geodesic distance of the two rotations (rad), exact for small
    angles: $2 \arcsin(\lVert R_i - R_j \rVert_F / \sqrt 8)$. The 6-D form must be unscaled
    (`RobotState(scale_rotation=False)`).

    Args:
        rotation: Index of the first of the six values, the first two columns of the rotation matrix.
        unit: $u$ (rad, > 0): the angle that counts as much as 1 in the other dimensions.

    Raises:
        ValueError: If an argument is out of range; when called, if the six values are not two orthonormal columns.

    Reference:
        Huynh, "Metrics for 3D Rotations: Comparison and Analysis", 2009, the geodesic on the unit sphere (its $\Phi_6$).

    Example:
        >>> upright = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]
        >>> quarter_turn = [0.0, 1.0, 0.0, -1.0, 0.0, 0.0]
        >>> round(float(PoseDistance(rotation=0)(torch.tensor([upright, quarter_turn]))[0, 1]), 4)
        1.5708
    """

    rotation: int = 3
    unit: float = 1.0

    def __post_init__(self) -> None:
        if self.rotation < 0:
            raise ValueError(f"`rotation` must be >= 0, but got {self.rotation}.")
        if not 0 < self.unit < inf:
            raise ValueError(f"`unit` must be > 0, but got {self.unit}.")

    def __call__(self, states: Float[Tensor, "samples dim"]) -> Float[Tensor, "samples samples"]:
        """Return the distances."""
        before, columns, after = states.tensor_split((self.rotation, self.rotation + 6), dim=1)
        chord = EuclideanDistance()(_matrices(columns)) / sqrt(8)
        angle = 2 * torch.asin(chord.clamp(max=1)) / self.unit
        return torch.hypot(EuclideanDistance()(torch.cat([before, after], dim=1)), angle)


def _matrices(columns: Tensor) -> Float[Tensor, "samples 9"]:
    if columns.shape[1] != 6:
        raise ValueError(
            f"`states` must hold a rotation in 6-D form at `rotation`, but {columns.shape[1]} values follow."
        )
    first, second = columns[:, :3], columns[:, 3:]
    products = torch.stack([(first * first).sum(1) - 1, (second * second).sum(1) - 1, (first * second).sum(1)])
    if not (products.abs() < ORTHONORMAL).all():
        raise ValueError(
            "`states` must hold a rotation in 6-D form, but its columns are not orthonormal: "
            "leave them unscaled (`RobotState(scale_rotation=False)`) and check `rotation`."
        )
    return torch.cat([columns, torch.linalg.cross(first, second)], dim=1)
