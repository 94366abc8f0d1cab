"""How much of a spread is between groups."""

from collections.abc import Sequence

import torch

from vlareg.functional.checks import check_embeddings
from vlareg.shapes import Embeddings


def between_groups(x: Embeddings, groups: Sequence[str]) -> float:
    r"""Return the share of the variance that is between groups.

    $\eta^2 = \sum_g n_g |\bar x_g - \bar x|^2 / \sum_i |x_i - \bar x|^2$, less what groups drawn by lot would have, so that
    it is 0 on average for them: $1 - (1 - \eta^2)(n - 1) / (n - G)$.

    Args:
        x: One vector per sample.
        groups: Group of each sample; fewer groups than samples.

    Returns:
        A share (dimensionless, at most 1).

    Raises:
        ValueError: If the vectors are not finite or all equal, or every sample is a group, or all are one.

    Reference:
        Ezekiel, "Methods of Correlation Analysis", 1930, for the correction (the adjusted coefficient of determination).

    Example:
        >>> between_groups(torch.tensor([[0.0], [0], [1], [1]]), ["a", "a", "b", "b"])
        1.0
    """
    check_embeddings(x, "x")
    names = sorted(set(groups))
    if not 1 < len(names) < len(x):
        raise ValueError(f"`groups` must be 2..{len(x) - 1} groups of {len(x)} samples, but are {len(names)}.")
    number = torch.tensor([names.index(group) for group in groups])
    centred = x.double() - x.double().mean(dim=0)
    within = sum(
        float((part - part.mean(dim=0)).square().sum()) for part in (centred[number == g] for g in range(len(names)))
    )
    spread = within / float(centred.square().sum())
    return 1 - spread * (len(x) - 1) / (len(x) - len(names))
