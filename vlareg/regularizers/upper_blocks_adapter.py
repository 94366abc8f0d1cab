"""A learnable token that the policy's own upper blocks sum a sequence up in."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vlareg.features import resolve_path
from vlareg.shapes import TokenMask, Tokens

CACHES = ("past_key_values", "past_key_value", "use_cache")


class UpperBlocksAdapter(nn.Module):
    """Let the blocks above the tap turn the tapped tokens and a learnable summarization token into one vector.

    The token takes the place of the first action token, so it reads what the first action is decoded from: patches and
    prompt, through the very weights that decode it, which thereby learn from the regularizer too. Each call runs these
    blocks once more, with the attention mask and positions of the policy's own pass; the policy itself runs as if it
    were not regularized, and nothing has to be added to it when it acts. Attention has to be causal.

    Unlike `SummaryAdapter`, a head beside the way to the actions, it has no blocks of its own that could absorb the
    objective while the policy's states stay as they were.

    Args:
        dim: Width of the hidden states.
        first_block: Index of the first block above the tap.
        blocks: Module path of the policy's list of blocks.

    Raises:
        ValueError: If a size is out of range; while watching, if there is no such block or list; in `forward`, if a
            sample has no action token whose place could be taken.
        RuntimeError: In `forward`, if the policy was not watched.

    Reference:
        Kim et al., "Contrastive Representation Regularization for Vision-Language-Action Models", 2025, arXiv
        2510.01711, where the adapter lies on the way to the actions.
    """

    def __init__(self, dim: int, first_block: int, blocks: str = "language_model.model.layers") -> None:
        super().__init__()
        if dim < 1:
            raise ValueError(f"`dim` must be > 0, but got {dim}.")
        if first_block < 1:
            raise ValueError(f"`first_block` must be > 0, the block after the tapped one, but got {first_block}.")
        self.out_dim = dim
        self.first_block, self.blocks = first_block, blocks
        self.summary = nn.Parameter(torch.randn(dim) * 0.02)
        self.norm = nn.LayerNorm(dim)
        self._calls: dict[nn.Module, dict[str, Any]] = {}

    @contextmanager
    def watch(self, policy: nn.Module) -> Iterator[None]:
        """Remember the blocks above the tap and what they are called with while the policy runs.

        Args:
            policy: The policy, bare or wrapped.
        """
        blocks = policy.get_submodule(resolve_path(policy, self.blocks))
        if not isinstance(blocks, nn.ModuleList):
            raise ValueError(f"`blocks` must name a list of blocks, but `{self.blocks}` is a {type(blocks).__name__}.")
        if self.first_block >= len(blocks):
            raise ValueError(f"`first_block` is {self.first_block}, but `{self.blocks}` has {len(blocks)} blocks.")
        self._calls = {}
        handles = [
            block.register_forward_pre_hook(self._remember, with_kwargs=True)
            for block in list(blocks)[self.first_block :]
        ]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def forward(self, tokens: Tokens, mask: TokenMask) -> Float[Tensor, "batch dim"]:
        """Return the summary of each sample.

        Args:
            tokens: Outputs of the tapped block, or a copy with a part cut off.
            mask: True at patches and prompt, which stand before the actions.

        Returns:
            One vector per sample.
        """
        if not self._calls:
            raise RuntimeError("UpperBlocksAdapter has seen no block run: use `with regularizer.watch(policy):`.")
        place = mask.sum(dim=1)
        if not (place < mask.shape[1]).all():
            raise ValueError("`mask` leaves no place for the summarization token: the sequence has no action tokens.")
        hidden = tokens.masked_fill(~mask[..., None], 0)
        sample = torch.arange(len(place), device=place.device)
        hidden[sample, place] = self.summary.to(hidden.dtype)
        for block, keywords in self._calls.items():
            output = block(hidden, **keywords)
            hidden = output[0] if isinstance(output, tuple) else output
        summary: Tensor = self.norm(hidden[sample, place].to(self.norm.weight.dtype))
        return summary

    def _remember(self, block: nn.Module, inputs: tuple[Any, ...], keywords: Mapping[str, Any]) -> None:
        rest = {name: value for name, value in keywords.items() if name not in ("hidden_states", *CACHES)}
        self._calls[block] = rest
