"""Robot-state-aware contrastive loss."""

from math import inf
from typing import Literal

from jaxtyping import Bool, Float
from torch import Tensor

from vlareg.losses.beta import median_distance, softmax_weights, solve_beta
from vlareg.losses.contrastive import ContrastiveLoss, Reduction, Targets
from vlareg.losses.state_distance import EuclideanDistance, StateDistance
from vlareg.shapes import Scalar

BetaUnit = Literal["absolute", "median", "perplexity"]


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
        beta: $\beta$ (> 0), in the unit that `beta_unit` names.
        reduction: "mean" over anchors, or "sum" as the paper prints it, which is about 100 for 32 samples.
        beta_unit: "absolute" as in the paper (the unit of the states); "median": multiples of the median distance
            between two states of the batch; or "perplexity": the number of keys (> 1) that an anchor shall be drawn
            to, for which beta is solved. Batch means that of all ranks.
        distance: Between states; Euclidean as in the paper by default, or `PoseDistance`.
        include_self: Whether an anchor's own key is among those it is compared with.
        stop_gradient: Whether keys are constants.
        symmetric: Whether to take the mean with the loss of the other direction, clean keys for cut-off anchors.
        exclude_steps: Other frames of the same episode at most so many environment steps away are not compared.

    Raises:
        ValueError: If an argument is out of range; in `forward` if the states are missing, not finite, or constant.

    Reference:
        Kim et al., "Contrastive Representation Regularization for Vision-Language-Action Models", 2025, arXiv
        2510.01711, the RS-CL loss and its weights. The paper prints the sum over anchors; the default here is the mean.

    Example:
        >>> import torch
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
        distance: StateDistance = EuclideanDistance(),  # noqa: B008 (frozen)
        include_self: bool = True,
        stop_gradient: bool = False,
        symmetric: bool = False,
        exclude_steps: int = 0,
    ) -> None:
        super().__init__(
            temperature,
            reduction,
            include_self=include_self,
            stop_gradient=stop_gradient,
            symmetric=symmetric,
            exclude_steps=exclude_steps,
        )
        if beta_unit not in ("absolute", "median", "perplexity"):
            raise ValueError(f"`beta_unit` must be 'absolute', 'median' or 'perplexity', but got {beta_unit!r}.")
        least = 1 if beta_unit == "perplexity" else 0
        if not least < beta < inf:
            raise ValueError(f"`beta` must be > {least}, but got {beta}.")
        self.beta = beta
        self.beta_unit = beta_unit
        self.distance = distance

    def targets(self, states: Float[Tensor, "keys state_dim"] | None, compared: Bool[Tensor, "keys keys"]) -> Targets:
        """Return the softmax over keys of the negative state distances; see the class."""
        if states is None:
            raise ValueError("`states` are missing: RS-CL makes its weights from them (InfoNCELoss needs none).")
        if not states.isfinite().all():
            raise ValueError("`states` hold NaN or infinity.")
        distances = self.distance(states)
        if not distances[compared].any():
            raise ValueError(f"`states` are constant: all {len(states)} are equal, so every key would weigh the same.")
        beta = self._beta(distances, compared)
        return Targets(softmax_weights(distances, compared, beta), beta)

    def _beta(self, distances: Tensor, compared: Tensor) -> Scalar:
        if self.beta_unit == "median":
            return self.beta * median_distance(distances, compared)
        if self.beta_unit == "perplexity":
            return solve_beta(distances, compared, self.beta)
        return distances.new_tensor(self.beta)
