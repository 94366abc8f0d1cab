"""Which of several equally near samples is a neighbour."""

import torch
from jaxtyping import Float, Int
from torch import Tensor


def draw_lots(
    nearness: Float[Tensor, "rows samples"],
    values: Float[Tensor, "rows places"],
    indices: Int[Tensor, "rows places"],
    lots: torch.Generator,
) -> tuple[Float[Tensor, "rows k"], Int[Tensor, "rows k"]]:
    """Give disputed places to some of the equally near candidates at random.

    Binary grippers, frozen frames and rounded actions make many candidates equally near. Taking them as they lie in memory would
    take the same ones in any two spaces: two independent binary values would share all neighbours within a class.

    Args:
        nearness: Of all candidates of some rows.
        values: The k + 1 largest of each row, in order.
        indices: Where they are.
        lots: Source of randomness; two spaces that are compared need different ones.

    Returns:
        The k largest values of each row and where they are, in order but for lots among equals.
    """
    k = values.shape[1] - 1
    tied = (values[:, 1:] == values[:, :-1]).any(dim=1).nonzero().flatten()
    values, indices = values[:, :k], indices[:, :k]
    if len(tied) == 0:
        return values, indices
    nearness, last = nearness[tied], values[tied, -1:]
    drawn = torch.rand(nearness.shape, generator=lots, device=nearness.device)
    drawn.masked_fill_(nearness < last, 2)  # too far for a place
    drawn.masked_fill_(nearness > last, -1)  # sure of one
    places = drawn.topk(k, dim=1, largest=False).indices
    shuffle = torch.rand(places.shape, generator=lots, device=places.device).argsort(dim=1)
    places = places.gather(1, shuffle)
    ordered, order = nearness.gather(1, places).sort(dim=1, descending=True, stable=True)
    return values.index_copy(0, tied, ordered), indices.index_copy(0, tied, places.gather(1, order))
