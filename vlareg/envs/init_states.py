"""Read LIBERO's files of initial states without executing what is in them."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from numpy._core import multiarray

_BUILDERS: list[Any] = [multiarray._reconstruct, multiarray.scalar, np.ndarray, np.dtype, np.dtypes.Float64DType]
_ALLOWED = [*_BUILDERS, (multiarray._reconstruct, "numpy.core.multiarray._reconstruct")]  # the last as NumPy 1 wrote it


def read_init_states(file: str | Path) -> Float[np.ndarray, "episodes state"]:
    """Read stored simulator states: time (s), joint positions, joint velocities.

    LIBERO stores one NumPy array with `torch.save` and reads it by running the pickle inside. Here only the functions
    that build an array are allowed.

    Args:
        file: A `.pruned_init` or `.init` file.

    Raises:
        FileNotFoundError: The file does not exist.
        ValueError: It does not hold one array of states, or is damaged.
    """
    file = Path(file)
    if not file.exists():
        raise FileNotFoundError(f"`file`: {file} does not exist.")
    try:
        with torch.serialization.safe_globals(_ALLOWED):
            states = np.asarray(torch.load(file, weights_only=True), dtype=np.float64)
    except Exception as error:
        raise ValueError(f"`file`: {file} cannot be read as stored initial states ({error}).") from error
    if states.ndim != 2 or not np.isfinite(states).all():
        raise ValueError(f"`file`: {file} must hold a finite array [episodes, state], but has shape {states.shape}.")
    return states
