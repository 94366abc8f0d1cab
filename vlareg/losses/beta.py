"""The temperature of RS-CL's weights, where it follows the states."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from vlareg.shapes import Scalar

HALVINGS = 60
"""Halvings of the logarithm of beta's range: far beyond float64."""
RANGE = 1e4
"""The solution is sought from the smallest positive distance over this to the largest times this."""
REACHED = 1e-3
"""Largest relative error of the perplexity at the solution."""


def median_distance(distances: Float[Tensor, "keys keys"], compared: Bool[Tensor, "keys keys"]) -> Scalar:
    """Return the median distance of two different samples that are compared; the lower one of an even number.

    Args:
        distances: Distances of the states.
        compared: Symmetric; True where two samples are compared.

    Raises:
        ValueError: If it is 0.

    Example:
        >>> distances = torch.tensor([[0.0, 1.0, 5.0], [1.0, 0.0, 4.0], [5.0, 4.0, 0.0]])
        >>> float(median_distance(distances, torch.ones(3, 3, dtype=torch.bool)))
        4.0
    """
    median = distances[compared.triu(diagonal=1)].median()
    if not median > 0:
        raise ValueError("`states` are mostly equal: their median distance is 0, so beta cannot be a multiple of it.")
    return median


def softmax_weights(
    distances: Float[Tensor, "keys keys"], compared: Bool[Tensor, "keys keys"], beta: Scalar
) -> Float[Tensor, "keys keys"]:
    """Return softmax(-distance / beta) of each row over what is compared.

    Args:
        distances: Distances of the states.
        compared: True where an anchor (row) is compared with a key (column).
        beta: Temperature, in the distances' unit (> 0).

    Example:
        >>> distances, every = torch.tensor([[0.0, 1.0], [1.0, 0.0]]), torch.ones(2, 2, dtype=torch.bool)
        >>> softmax_weights(distances, every, torch.tensor(1e9)).tolist()
        [[0.5, 0.5], [0.5, 0.5]]
    """
    return torch.softmax((-distances / beta).masked_fill(~compared, -torch.inf), dim=1)


def solve_beta(distances: Float[Tensor, "keys keys"], compared: Bool[Tensor, "keys keys"], perplexity: float) -> Scalar:
    """Return the temperature at which the weights have a given perplexity, exp of their mean entropy.

    Args:
        distances: Distances of the states, not all equal.
        compared: True where an anchor (row) is compared with a key (column).
        perplexity: Number of keys, more than 1.

    Raises:
        ValueError: If no temperature gives it: there are too few keys, or more equal states than that.

    Example:
        >>> distances, every = torch.tensor([[0.0, 1.0], [1.0, 0.0]]), torch.ones(2, 2, dtype=torch.bool)
        >>> beta = solve_beta(distances, every, perplexity=1.5)
        >>> entropy = torch.special.entr(softmax_weights(distances, every, beta)).sum(dim=1).mean()
        >>> round(float(entropy.exp()), 4)
        1.5
    """

    def reached(log_beta: Tensor) -> Tensor:
        weights = softmax_weights(distances, compared, log_beta.exp())
        perplexity: Tensor = torch.special.entr(weights).sum(dim=1).mean().exp()
        return perplexity

    positive = distances[compared & (distances > 0)]
    low, high = (positive.min() / RANGE).log(), (positive.max() * RANGE).log()
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        above = reached(middle) > perplexity
        low, high = torch.where(above, low, middle), torch.where(above, middle, high)
    found = reached(high)
    if not (found / perplexity - 1).abs() < REACHED:
        raise ValueError(
            f"`beta` cannot give a perplexity of {perplexity:g}: the nearest for these {len(distances)} `states` is "
            f"{float(found):.3g}."
        )
    return high.exp()
