"""Every projector, small, and the same maps in float64 NumPy, transcribed from their docstrings."""

import numpy as np

from vlareg.regularizers import (
    FiLMProjector,
    FrozenMLPProjector,
    LinearProjector,
    MLPProjector,
    OrthogonalProjector,
    SpectralNormProjector,
    WhiteningProjector,
)

FROZEN = {
    "frozen_mlp": lambda *dims, **more: FrozenMLPProjector(*dims, hidden_dim=12, **more),
    "orthogonal": OrthogonalProjector,
    "spectral_norm": lambda *dims, **more: SpectralNormProjector(*dims, hidden_dim=12, **more),
}
TRAINABLE = {
    "mlp": lambda *dims: MLPProjector(*dims, hidden_dim=12, layers=3, layer_norm=True),
    "linear": LinearProjector,
    "whitening": WhiteningProjector,
    "film": FiLMProjector,
}
PROJECTORS = {**FROZEN, **TRAINABLE}


def in_numpy(projector, x):
    """Return what a projector in eval mode makes of features [batch, patches, dim]."""
    state = {name: value.double().numpy() for name, value in projector.state_dict().items()}
    references = {
        MLPProjector: lambda: _mlp(state, "", x),
        FrozenMLPProjector: lambda: _mlp(state, "mlp.", x),
        SpectralNormProjector: lambda: _mlp(state, "frozen.mlp.", x),
        LinearProjector: lambda: _linear(state, "linear.", _normalised(x)),
        OrthogonalProjector: lambda: _normalised(x) @ state["weight"].T,
        FiLMProjector: lambda: _film(state, _normalised(x)),
        WhiteningProjector: lambda: _linear(state, "linear.", _whitened(state, x, projector.eps)),
    }
    return references[type(projector)]()


def _normalised(x):
    centred = x - x.mean(axis=-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-5)  # PyTorch's default epsilon


def _linear(state, prefix, x):
    return x @ state[f"{prefix}weight"].T + state[f"{prefix}bias"]


def _mlp(state, prefix, x):
    x = _normalised(x) * state[f"{prefix}layers.0.weight"] + state[f"{prefix}layers.0.bias"]
    for i in (1, 3, 5):
        x = _linear(state, f"{prefix}layers.{i}.", x)
        x = x if i == 5 else x / (1 + np.exp(-x))
    return x


def _film(state, x):
    scale, shift = np.split(_linear(state, "modulation.", x.mean(axis=-2, keepdims=True)), 2, axis=-1)
    return (1 + scale) * _linear(state, "linear.", x) + shift


def _whitened(state, x, eps):
    variance = np.diag(state["covariance"])
    factor = np.linalg.cholesky(state["covariance"] + eps * np.diag(variance + 1e-6 * variance.max()))
    return (x - state["mean"]) @ np.linalg.inv(factor).T
