"""What one episode changed in a model, the next one does not find."""

import numpy as np

from tests.envs.perturbations.starts import starts
from vlareg.envs.perturbations import Light
from vlareg.envs.perturbations.model_arrays import EDITED, ModelArrays


def test_everything_is_put_back() -> None:
    """Arrays and headlight."""
    with starts(Light(3)) as start:
        model = start.scene.model
        before = ModelArrays.of(model)
        for name in EDITED:
            getattr(model, name)[:] += 1.0
        model.vis.headlight.diffuse[:] = 0.0
        before.put_back(model)
        after = ModelArrays.of(model)
        for name in EDITED:
            np.testing.assert_array_equal(after.arrays[name], before.arrays[name])
        np.testing.assert_array_equal(after.headlight, before.headlight)
