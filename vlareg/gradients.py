"""Whether two losses pull the same weights the same way."""

from collections.abc import Iterable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from vlareg.distributed import mean_over_ranks
from vlareg.shapes import Scalar


class GradientAgreement(NamedTuple):
    """Two losses' gradients on the parameters that both reach.

    Args:
        cosine: Between the gradients, in [-1, 1]; negative where a step for one undoes the other. NaN where a gradient is
            zero or no parameter is shared.
        ratio: Length of the second over that of the first (dimensionless, >= 0).
    """

    cosine: Scalar
    ratio: Scalar


def gradient_agreement(task: Scalar, auxiliary: Scalar, parameters: Iterable[nn.Parameter]) -> GradientAgreement:
    """Compare the gradients of two losses, averaged over all ranks; their graphs stay for the backward pass.

    It costs a backward pass for each.

    Args:
        task: The policy's loss.
        auxiliary: A regularizer's loss.
        parameters: Where the gradients are compared; frozen ones are left out.

    Example:
        >>> weight = nn.Parameter(torch.tensor([1.0, 0.0]))
        >>> agreement = gradient_agreement(weight.sum(), 3 * weight[0], [weight])
        >>> round(float(agreement.cosine), 3), round(float(agreement.ratio), 3)
        (0.707, 2.121)
    """
    trainable = [p for p in parameters if p.requires_grad]
    pairs = zip(_gradients(task, trainable), _gradients(auxiliary, trainable), strict=True)
    shared = [(first, second) for first, second in pairs if first is not None and second is not None]
    products = torch.zeros(3, dtype=torch.float64, device=task.device)
    for first, second in shared:
        a, b = (mean_over_ranks(gradient.float()).flatten() for gradient in (first, second))
        products += torch.stack([a @ b, a @ a, b @ b]).to(products)
    product, first_square, second_square = products
    return GradientAgreement(product / (first_square * second_square).sqrt(), (second_square / first_square).sqrt())


def _gradients(loss: Scalar, parameters: list[nn.Parameter]) -> tuple[Tensor | None, ...]:
    return torch.autograd.grad(loss, parameters, retain_graph=True, allow_unused=True)
