"""A learnable token that sums up a sequence."""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from vlareg.shapes import TokenMask, Tokens


class SummaryAdapter(nn.Module):
    """Append a learnable summarization token to hidden states and return what a shallow transformer makes of it.

    The hidden states are normalised and projected to the adapter's own width. In the last block only the summarization
    token asks, since nothing else is read, so one block costs no more than reading the keys and values. The head is
    shallow on purpose: it lies beside the way to the actions, and a strong one could absorb the whole objective while
    the policy's states stay as they were.

    Args:
        dim: Width of the hidden states.
        width: Width of the adapter, and of what it returns.
        depth: Number of transformer blocks (>= 1).
        heads: Number of attention heads; divides `width`.

    Raises:
        ValueError: If a size is not positive or `heads` does not divide `width`.

    Reference:
        Kim et al., "Contrastive Representation Regularization for Vision-Language-Action Models", 2025, arXiv
        2510.01711. There the adapter's other outputs condition the action decoder; here they are not used.

    Example:
        >>> adapter = SummaryAdapter(dim=8, width=16, heads=2)
        >>> adapter(torch.zeros(3, 5, 8), torch.ones(3, 5, dtype=torch.bool)).shape
        torch.Size([3, 16])
    """

    def __init__(self, dim: int, width: int = 256, depth: int = 1, heads: int = 4) -> None:
        super().__init__()
        for name, value in {"dim": dim, "width": width, "depth": depth, "heads": heads}.items():
            if value < 1:
                raise ValueError(f"`{name}` must be > 0, but got {value}.")
        if width % heads:
            raise ValueError(f"`heads` must divide `width`, but got {heads} and {width}.")
        self.out_dim = width
        self.embed = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, width))
        self.summary = nn.Parameter(torch.randn(width) * 0.02)
        self.blocks = nn.ModuleList(_Block(width, heads) for _ in range(depth))
        self.norm = nn.LayerNorm(width)

    def forward(self, tokens: Tokens, mask: TokenMask) -> Float[Tensor, "batch width"]:
        """Return the summary of each sample.

        Args:
            tokens: Hidden states of any float type.
            mask: True at positions that may be read.

        Returns:
            One vector per sample.
        """
        x = self.embed(tokens.to(self.summary.dtype))
        x = torch.cat([x, self.summary.to(x.dtype).expand(len(x), 1, -1)], dim=1)
        mask = F.pad(mask, (0, 1), value=True)
        for block in self.blocks[:-1]:
            x = block(x, x, mask)
        summary: Tensor = self.norm(self.blocks[-1](x[:, -1:], x, mask))
        return summary[:, 0]


class _Block(nn.Module):
    """A pre-norm transformer block whose queries may be fewer than its keys."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(width)
        self.query, self.key_value = nn.Linear(width, width), nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)
        self.mlp = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )

    def forward(
        self, queries: Float[Tensor, "batch queries dim"], tokens: Tokens, mask: TokenMask
    ) -> Float[Tensor, "batch queries dim"]:
        q, kv = self.query(self.norm(queries)), self.key_value(self.norm(tokens))
        q, k, v = (t.unflatten(-1, (self.heads, -1)).transpose(1, 2) for t in (q, *kv.chunk(2, dim=-1)))
        attended = F.scaled_dot_product_attention(q, k, v, attn_mask=mask[:, None, None, :])
        queries = queries + self.out(attended.transpose(1, 2).flatten(2))
        result: Tensor = queries + self.mlp(queries)
        return result
