"""Cut one camera view."""

from collections.abc import Sequence

import torch

from vlareg.cutoff.base import Cutoff, Random, uniform
from vlareg.shapes import TokenMask


class ViewCutoff(Cutoff):
    """Zero the patches of one camera view, drawn for each sample.

    Args:
        seed: Seed of the cuts.

    Raises:
        ValueError: In `forward`, if there is only one view, of which nothing would be left.

    Reference:
        Kim et al., "Contrastive Representation Regularization for Vision-Language-Action Models", 2025, arXiv
        2510.01711, view cutoff.

    Example:
        >>> tokens, mask = torch.ones(1, 4, 1), torch.ones(1, 4, dtype=torch.bool)
        >>> cut = ViewCutoff()(tokens, mask, [slice(0, 2), slice(2, 4)]).flatten().tolist()
        >>> cut in ([0.0, 0.0, 1.0, 1.0], [1.0, 1.0, 0.0, 0.0])
        True
    """

    def keep(self, mask: TokenMask, view_slices: Sequence[slice], random: Random) -> TokenMask:
        """Return False at one view's patches."""
        if len(view_slices) < 2:
            raise ValueError(
                f"ViewCutoff needs at least 2 camera views, but `view_slices` holds {len(view_slices)}: "
                "use TokenCutoff or SpanCutoff."
            )
        views = torch.zeros(len(view_slices), mask.shape[1], dtype=torch.bool)
        for view, positions in zip(views, view_slices, strict=True):
            view[positions] = True
        return ~views[(uniform(random, 1)[:, 0] * len(views)).long()]
