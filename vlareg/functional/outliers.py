"""Limit the largest entries of hidden states."""

from typing import Literal

from jaxtyping import Float
from torch import Tensor

from vlareg.functional.precision import at_least_float32


def clamp_outliers(
    x: Float[Tensor, "samples *layers dim"],
    q: float = 0.95,
    threshold: Literal["per_layer", "over_all_layers"] = "per_layer",
) -> Float[Tensor, "samples *layers dim"]:
    """Clamp entries to the size that the share `q` of entries stays below.

    Args:
        x: One vector per sample, or one per sample and layer.
        q: Share of entries that keep their value (0 < q <= 1; 1 clamps nothing).
        threshold: "per_layer", or "over_all_layers" as the code of arXiv 2405.07987 does: since norms grow with depth, the last
            layer may then lose a fifth of its entries and the first almost none.

    Returns:
        The clamped vectors.

    Raises:
        ValueError: If `q` is out of range, a name is unknown, or `x` holds NaN or infinity.

    Example:
        >>> import torch
        >>> clamp_outliers(torch.tensor([[1.0, -2.0], [3.0, -100.0]]), q=0.5)
        tensor([[ 1., -2.],
                [ 3., -3.]])
    """
    if not 0 < q <= 1 or threshold not in ("per_layer", "over_all_layers"):
        raise ValueError(
            f"`q` must be in (0, 1] and `threshold` 'per_layer' or 'over_all_layers', but got {q} and {threshold!r}."
        )
    if not x.isfinite().all():
        raise ValueError("`x` holds NaN or infinity, which have no rank among the entries.")
    if q == 1:
        return x
    size = at_least_float32(x).abs()
    by_layer = size.flatten()[None] if threshold == "over_all_layers" else size.movedim(0, -2).flatten(-2)
    limit = by_layer.kthvalue(int(q * by_layer.shape[-1]) + 1, dim=-1).values
    limit = limit.to(x.dtype)[..., None]
    return x.clamp(-limit, limit)
