"""Tensor aliases used in signatures; the axes are words, the units are stated once, here."""

from jaxtyping import Bool, Float, Int, UInt8
from torch import Tensor

Scalar = Float[Tensor, ""]
"""A 0-d tensor."""

Embeddings = Float[Tensor, "samples dim"]
"""One vector per sample (dimensionless)."""

Tokens = Float[Tensor, "batch tokens dim"]
"""Hidden states of a sequence (dimensionless)."""

TokenMask = Bool[Tensor, "batch tokens"]
"""True where a position may be read."""

TokenIds = Int[Tensor, "batch tokens"]
"""Ids of the tokenizer's vocabulary; in labels, -100 is ignored."""

Images = Float[Tensor, "batch views 3 height width"]
"""Raw pixels in [0, 1], upright, before any model's mean and std."""

Frames = UInt8[Tensor, "batch views height width 3"]
"""Raw pixels in 0..255, upright."""

Proprio = Float[Tensor, "batch proprio_dim"]
"""LIBERO's 8 values: end-effector position (3, m), axis-angle (3, rad), gripper finger positions (2, m)."""

ActionChunk = Float[Tensor, "batch horizon action_dim"]
"""End-effector deltas: translation (3), rotation (3), gripper (1); in the units of the data set."""
