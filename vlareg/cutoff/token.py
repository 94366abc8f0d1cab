"""Cut single tokens."""

from collections.abc import Sequence

from vlareg.cutoff.base import Cutoff, Random, uniform
from vlareg.cutoff.fraction import check_fraction, cut_counts
from vlareg.shapes import TokenMask


class TokenCutoff(Cutoff):
    """Zero a fraction of the readable tokens, drawn for each sample.

    Args:
        fraction: Share of the readable tokens (0 < fraction < 1), rounded, at least one token.
        seed: Seed of the cuts.

    Raises:
        ValueError: If `fraction` is out of range.

    Reference:
        Shen et al., "A Simple but Tough-to-Beat Data Augmentation Approach for Natural Language Understanding and
        Generation", 2020, arXiv 2009.13818, token cutoff.

    Example:
        >>> import torch
        >>> tokens, mask = torch.ones(1, 4, 1), torch.ones(1, 4, dtype=torch.bool)
        >>> float(TokenCutoff(fraction=0.5)(tokens, mask, []).sum())
        2.0
    """

    def __init__(self, fraction: float = 0.15, seed: int = 0) -> None:
        super().__init__(seed)
        self.fraction = check_fraction(fraction)

    def keep(self, mask: TokenMask, view_slices: Sequence[slice], random: Random) -> TokenMask:
        """Return False at the drawn tokens."""
        order = uniform(random, mask.shape[1]).masked_fill(~mask, 2.0).argsort(dim=1).argsort(dim=1)
        return order >= cut_counts(mask, self.fraction)[:, None]
