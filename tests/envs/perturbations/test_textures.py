"""Textures are patterns in muted colours, and the same from the same numbers."""

import numpy as np
import pytest

from vlareg.envs.perturbations.textures import draw_texture


@pytest.mark.parametrize("size", [64, 100])
def test_contrast_is_all_that_the_contrast_changes(size: int) -> None:
    """Plain at 0; in between, the mean of both ends."""
    for seed in range(12):
        plain, half, full = (draw_texture(np.random.default_rng(seed), c, size).astype(float) for c in (0.0, 0.5, 1.0))
        assert plain.shape == (size, size, 3)
        assert np.ptp(plain, axis=(0, 1)).max() == 0
        np.testing.assert_allclose(half, (plain + full) / 2, atol=1.0)
        assert full.std(axis=(0, 1)).max() > 3.0


def test_textures_differ_and_can_be_drawn_again() -> None:
    """By their seeds."""
    drawn = [draw_texture(np.random.default_rng(seed), 1.0, 32) for seed in (*range(20), 0)]
    np.testing.assert_array_equal(drawn[0], drawn[-1])
    assert len({texture.tobytes() for texture in drawn}) == 20
