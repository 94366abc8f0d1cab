"""Actions as tokens: uniform bins of [-1, 1], kept at the end of the vocabulary."""

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from vlareg.policies.openvla.config import OpenVLAConfig


class ActionTokenizer:
    """Map normalised actions to token ids and back.

    The bins lie between `num_bins` edges spread evenly over [-1, 1]; the largest token is the smallest action. The
    largest error is half a bin, 1/255 for 256 edges.

    Args:
        token_end: One past the largest token id; the action tokens are the `num_bins` ids below.
        num_bins: Number of edges and of tokens.

    Reference:
        Kim et al., "OpenVLA: An Open-Source Vision-Language-Action Model", 2024, arXiv:2406.09246, section 3.2. Differs
        in that other ids than those of actions are refused, where the authors' code decodes them as -1 or 1.

    Example:
        >>> tokenizer = ActionTokenizer(32000)
        >>> tokenizer.encode([-1.0, 0.0, 1.0])
        array([31999, 31872, 31744])
        >>> tokenizer.decode([31999, 31872, 31744]).round(5)
        array([-0.99608,  0.     ,  0.99608])
    """

    def __init__(self, token_end: int, num_bins: int = 256):
        if not 2 <= num_bins <= token_end:
            raise ValueError(f"`num_bins` must be in 2..{token_end}, but got {num_bins}.")
        self.token_end = token_end
        self.ids = range(token_end - num_bins, token_end)
        self.edges = np.linspace(-1.0, 1.0, num_bins)
        self.centers = (self.edges[:-1] + self.edges[1:]) / 2

    @classmethod
    def from_config(cls, config: OpenVLAConfig) -> "ActionTokenizer":
        """Return the tokenizer of a model's vocabulary."""
        return cls(config.token_end, config.n_action_bins)

    def encode(self, actions: ArrayLike) -> Int[np.ndarray, "*batch action_dim"]:
        """Return token ids.

        Args:
            actions: Normalised actions; values outside [-1, 1] are clipped.

        Raises:
            ValueError: If a value is not finite.
        """
        values = np.asarray(actions, dtype=np.float64)
        if not np.isfinite(values).all():
            raise ValueError("`actions` must be finite, but some are NaN or infinite.")
        return np.asarray(self.token_end - np.digitize(values.clip(-1.0, 1.0), self.edges), dtype=np.int64)

    def decode(self, token_ids: ArrayLike) -> Float[np.ndarray, "*batch action_dim"]:
        """Return normalised actions, the centres of the bins.

        Args:
            token_ids: Ids of action tokens.

        Raises:
            ValueError: If an id is not an action token's.
        """
        ids = np.asarray(token_ids)
        if not ((ids >= self.ids.start) & (ids < self.ids.stop)).all():
            raise ValueError(f"`token_ids` must be in {self.ids.start}..{self.ids.stop - 1}, but got {ids.tolist()}.")
        return np.asarray(self.centers[(self.token_end - ids - 1).clip(0, len(self.centers) - 1)])
