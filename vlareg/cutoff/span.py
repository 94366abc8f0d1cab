"""Cut a run of tokens."""

from collections.abc import Sequence

from vlareg.cutoff.base import Cutoff, Random, uniform
from vlareg.cutoff.fraction import check_fraction, cut_counts
from vlareg.shapes import TokenMask


class SpanCutoff(Cutoff):
    """Zero a run of successive readable tokens, drawn for each sample.

    Args:
        fraction: Share of the readable tokens (0 < fraction < 1), rounded, at least one token.
        seed: Seed of the cuts.

    Raises:
        ValueError: If `fraction` is out of range.

    Reference:
        Shen et al., "A Simple but Tough-to-Beat Data Augmentation Approach for Natural Language Understanding and
        Generation", 2020, arXiv 2009.13818, span cutoff.

    Example:
        >>> import torch
        >>> tokens, mask = torch.ones(1, 4, 1), torch.ones(1, 4, dtype=torch.bool)
        >>> cut = SpanCutoff(fraction=0.75)(tokens, mask, []).flatten().tolist()
        >>> cut in ([0.0, 0.0, 0.0, 1.0], [1.0, 0.0, 0.0, 0.0])
        True
    """

    def __init__(self, fraction: float = 0.15, seed: int = 0) -> None:
        super().__init__(seed)
        self.fraction = check_fraction(fraction)

    def keep(self, mask: TokenMask, view_slices: Sequence[slice], random: Random) -> TokenMask:
        """Return False at the drawn run."""
        length = cut_counts(mask, self.fraction)
        start = (uniform(random, 1)[:, 0] * (mask.sum(dim=1) - length + 1)).long()
        order = mask.cumsum(dim=1) - 1
        return ~(mask & (order >= start[:, None]) & (order < (start + length)[:, None]))
