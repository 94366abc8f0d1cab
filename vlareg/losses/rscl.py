"""Robot-state-aware contrastive loss."""

from typing import Literal

import torch
from torch import Tensor

from vlareg.losses.contrastive import ContrastiveLoss, Reduction, Targets

BetaUnit = Literal["absolute", "median"]


class RSCLLoss(ContrastiveLoss):
    r"""Draw representations of similar robot states together.

    $$L = -\frac{1}{N}\sum_i \sum_j w_{ij} \log \frac{\exp(\cos(z_i, \tilde z_j)/\tau)}{\sum_k \exp(\cos(z_i, \tilde
    z_k)/\tau)},\qquad w_{ij} = \mathrm{softmax}_j\left(-\lVert q_i - q_j \rVert_2 / \beta\right)$$

    with anchors $z$, keys $\tilde z$ (of all ranks, with gradients) and states $q$; $i = j$ is included.

    The loss cannot fall below the entropy of the weights, which for states of small spread and an absolute beta of 1 is
    almost log N: nothing is left to learn. Watch `terms(...).kl`, and let beta follow the states with
    `beta_unit="median"`.

    Args:
        temperature: $\tau$ (dimensionless, > 0).
        beta: $\beta$ (> 0), in the unit of the states or as a multiple of their median distance.
        reduction: "mean" over anchors, or "sum" as the paper prints it, which is about 100 for 32 samples.
        beta_unit: "absolute" as in the paper, or "median": `beta` times the median distance between two states of the
            batch (over all ranks).

    Raises:
        ValueError: If an argument is out of range; in `forward` if the states are missing, not finite, or constant.

    Reference:
        Kim et al., "Contrastive Representation Regularization for Vision-Language-Action Models", 2025, arXiv
        2510.01711, the RS-CL loss and its weights. The paper prints the sum over anchors; the default here is the mean.

    Example:
        >>> z = torch.eye(4)
        >>> loss = RSCLLoss(beta=0.1, beta_unit="median")(z, z, states=torch.arange(4.0)[:, None])
        >>> round(float(loss), 3)
        0.02
    """

    def __init__(
        self,
        temperature: float = 0.2,
        beta: float = 1.0,
        reduction: Reduction = "mean",
        *,
        beta_unit: BetaUnit = "absolute",
    ) -> None:
        super().__init__(temperature, reduction)
        if not beta > 0:
            raise ValueError(f"`beta` must be > 0, but got {beta}.")
        if beta_unit not in ("absolute", "median"):
            raise ValueError(f"`beta_unit` must be 'absolute' or 'median', but got {beta_unit!r}.")
        self.beta = beta
        self.beta_unit = beta_unit

    def targets(self, states: Tensor | None, keys: int) -> Targets:
        """Return the softmax over keys of the negative state distances; see the class."""
        if states is None:
            raise ValueError("`states` are missing: RS-CL makes its weights from them (InfoNCELoss needs none).")
        if not states.isfinite().all():
            raise ValueError("`states` hold NaN or infinity.")
        # The mode by matrix products loses the small distances, which decide.
        distances = torch.cdist(states, states, compute_mode="donot_use_mm_for_euclid_dist")
        if not distances.any():
            raise ValueError(f"`states` are constant: all {keys} are equal, so every key would weigh the same.")
        beta = self._beta(distances)
        return Targets(torch.softmax(-distances / beta, dim=1), beta)

    def _beta(self, distances: Tensor) -> Tensor:
        if self.beta_unit == "absolute":
            return distances.new_tensor(self.beta)
        row, column = torch.triu_indices(len(distances), len(distances), offset=1, device=distances.device)
        median = distances[row, column].median()
        if not median > 0:
            raise ValueError(
                "`states` are mostly equal: their median distance is 0, so beta cannot be a multiple of it."
            )
        return self.beta * median
