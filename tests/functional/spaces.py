"""Data that tests of several metrics share."""

import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

FIXTURES = Path(__file__).parents[1] / "fixtures"

PUBLISHED = json.loads((FIXTURES / "alignment_metrics.json").read_text())
"""Values of the platonic-rep implementation (github.com/minyoungg/platonic-rep) on random features."""


def published(kind):
    """Return the two spaces of the published values: "raw", or "l2" for rows of unit length."""
    arrays = np.load(FIXTURES / "alignment_metrics.npz")
    raw = [torch.from_numpy(arrays[name]) for name in ("A", "B")]
    return raw if kind == "raw" else [F.normalize(x) for x in raw]


def normal(seed, *shape, dtype=torch.float32):
    """Return independent standard normal numbers."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def noisy_pair(seed=0, samples=120, dim_x=16, dim_y=6):
    """Return a space and a noisy part of it."""
    x = normal(seed, samples, dim_x)
    return x, x[:, :dim_y] + normal(seed + 1000, samples, dim_y)


def time_series(seed, count=20, length=50, dim=8, phi=0.9):
    """Return AR(1) series of unit variance, one per episode."""
    series = normal(seed, count, length, dim, dtype=torch.float64)
    for t in range(1, length):
        series[:, t] = phi * series[:, t - 1] + np.sqrt(1 - phi**2) * series[:, t]
    return series.flatten(0, 1)


BAD_PAIRS = [
    (normal(0, 20, 3), normal(1, 19, 3), "20 and 19"),
    (normal(0, 20, 3), torch.full((20, 3), torch.nan), "`y` holds NaN"),
    (normal(0, 20, 3).index_fill(0, torch.tensor(7), torch.inf), normal(1, 20, 3), "`x` holds .* row 7"),
    (normal(0, 20, 3), torch.ones(20, 3), "`y` is constant"),
    (1e-9 * normal(0, 20, 3) + 1, normal(1, 20, 3), "`x` is constant"),
    (normal(0, 20, 3), torch.ones(20, 3).long(), "`y` must be a float tensor"),
    (normal(0, 20, 3), normal(1, 20), "`y` must be a float tensor"),
]
"""Pairs that never get a score, and what the error says."""
