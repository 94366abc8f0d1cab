"""What perturbations change of a compiled model, to put it back where a reset keeps the model."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

EDITED = (
    "geom_rgba",
    "light_pos",
    "light_dir",
    "light_diffuse",
    "light_ambient",
    "light_specular",
    "cam_pos",
    "cam_quat",
)
"""Names of the arrays; textures are not among them, for each episode overwrites its own."""


@dataclass(frozen=True)
class ModelArrays:
    """A compiled model's arrays as they were, to put them back.

    Args:
        arrays: Copies by the names of the arrays.
        headlight: The light at the camera: ambient, diffuse, specular, each red, green, blue.
    """

    arrays: dict[str, np.ndarray]
    headlight: Float[np.ndarray, "3 3"]

    @classmethod
    def of(cls, model: Any) -> "ModelArrays":
        """Copy what perturbations may change of a model."""
        light = model.vis.headlight
        arrays = {name: np.array(getattr(model, name)) for name in EDITED}
        return cls(arrays, np.array([light.ambient, light.diffuse, light.specular]))

    def put_back(self, model: Any) -> None:
        """Make a model's arrays what they were."""
        for name, array in self.arrays.items():
            getattr(model, name)[:] = array
        light = model.vis.headlight
        light.ambient[:], light.diffuse[:], light.specular[:] = self.headlight
