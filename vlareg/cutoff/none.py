"""Cut nothing."""

from collections.abc import Sequence

import torch

from vlareg.cutoff.base import Cutoff, Random
from vlareg.shapes import TokenMask


class NoCutoff(Cutoff):
    """Leave the tokens as they are, so that the keys of a contrastive loss are the anchors themselves.

    Args:
        seed: Not used.

    Example:
        >>> tokens, mask = torch.ones(1, 2, 1), torch.ones(1, 2, dtype=torch.bool)
        >>> NoCutoff()(tokens, mask, []).flatten().tolist()
        [1.0, 1.0]
    """

    def keep(self, mask: TokenMask, view_slices: Sequence[slice], random: Random) -> TokenMask:
        """Return True everywhere."""
        return torch.ones_like(mask)
