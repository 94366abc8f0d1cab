"""Projectors from hidden states to the space of a loss."""

from vlareg.regularizers.projector.base import Projector
from vlareg.regularizers.projector.film import FiLMProjector
from vlareg.regularizers.projector.frozen_mlp import FrozenMLPProjector
from vlareg.regularizers.projector.linear import LinearProjector
from vlareg.regularizers.projector.mlp import MLPProjector
from vlareg.regularizers.projector.orthogonal import OrthogonalProjector
from vlareg.regularizers.projector.spectral_norm import SpectralNormProjector
from vlareg.regularizers.projector.whitening import WhiteningProjector

__all__ = [
    "FiLMProjector",
    "FrozenMLPProjector",
    "LinearProjector",
    "MLPProjector",
    "OrthogonalProjector",
    "Projector",
    "SpectralNormProjector",
    "WhiteningProjector",
]
