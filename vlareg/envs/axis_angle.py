"""LIBERO's third to fifth proprioceptive value."""

import math

import numpy as np
from jaxtyping import Float


def axis_angle(quaternion: Float[np.ndarray, "4"]) -> Float[np.ndarray, "3"]:
    """Return the rotation vector (rad) of a unit quaternion x, y, z, w, exactly as LIBERO's data hold it.

    The angle is in 0..2π: a quaternion with negative w is not replaced by its antipode, or the vector would jump where
    the hand points straight down.

    Example:
        >>> axis_angle(np.array([1.0, 0.0, 0.0, 0.0])).round(4)
        array([3.1416, 0.    , 0.    ])
    """
    w = float(np.clip(quaternion[3], -1.0, 1.0))
    sine = math.sqrt(1.0 - w * w)
    if math.isclose(sine, 0.0):
        return np.zeros(3)
    return np.asarray(quaternion[:3]) * (2.0 * math.acos(w) / sine)
