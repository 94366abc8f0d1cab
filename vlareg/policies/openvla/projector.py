"""The projector between vision backbone and language model."""

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F


class Projector(nn.Module):
    """Map patch features to the language model's embeddings.

    Args:
        feature_dim: Channels of the vision backbone.
        hidden_dim: Channels of the language model.
    """

    def __init__(self, feature_dim: int, hidden_dim: int):
        super().__init__()
        self.fc1 = nn.Linear(feature_dim, 4 * feature_dim)
        self.fc2 = nn.Linear(4 * feature_dim, hidden_dim)
        self.fc3 = nn.Linear(hidden_dim, hidden_dim)

    def forward(self, features: Float[Tensor, "batch patches feature"]) -> Float[Tensor, "batch patches hidden"]:
        """Return one embedding per patch."""
        projected: Tensor = self.fc3(F.gelu(self.fc2(F.gelu(self.fc1(features)))))
        return projected
