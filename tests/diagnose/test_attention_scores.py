import math

import numpy as np
import pytest
import torch

from vlareg.data.concepts.facts import Thing
from vlareg.diagnose.attention_scores import score_attention
from vlareg.diagnose.scenes import BOX, Scene

ROWS, COLUMNS = 4, 6
CELLS = [(0, 1), (2, 3), (3, 5), (1, 1)]


def _scene(row: int, column: int) -> Scene:
    centre = ((column + 0.5) / COLUMNS, (row + 0.5) / ROWS)
    thing = Thing("cube", "red", (0.0, 0.0, 0.0), centre, True)
    return Scene(np.zeros((1, 8, 8, 3), np.uint8), "put the red cube on the plate", thing, centre)


SCENES = [_scene(*cell) for cell in CELLS]


def test_even_attention_is_on_no_object_more_than_elsewhere():
    (found,) = score_attention(torch.full((1, 4, 2, ROWS, COLUMNS), 0.01), SCENES)
    assert found.on_patches.value == pytest.approx(0.48)
    assert found.entropy.value == pytest.approx(math.log(48))
    assert found.on_object.value == pytest.approx(BOX**2)
    assert found.gain.value == pytest.approx(0, abs=1e-7)


def test_attention_on_the_objects_own_cell_is_found():
    maps = torch.zeros(1, 4, 2, ROWS, COLUMNS)
    for scene, (row, column) in enumerate(CELLS):
        maps[0, scene, 0, row, column] = 0.25
    (found,) = score_attention(maps, SCENES)
    in_cell = BOX**2 * ROWS * COLUMNS  # the box is smaller than the cell, in which attention is spread evenly
    assert found.on_object.value == pytest.approx(in_cell)
    assert found.elsewhere.value == 0
    assert found.gain.value == pytest.approx(in_cell)
    assert found.entropy.value == 0
    assert found.on_patches.n == 4


def test_the_same_usual_place_in_every_scene_is_no_gain():
    maps = torch.zeros(1, 4, 1, ROWS, COLUMNS)
    maps[..., 2, 3] = 1.0
    (found,) = score_attention(maps, SCENES)
    assert found.on_object.value > 0
    assert found.gain.value == pytest.approx(0, abs=1e-7)


def test_one_scene_has_no_other_places():
    with pytest.raises(ValueError, match="`scenes` must be at least 2"):
        score_attention(torch.ones(1, 1, 1, ROWS, COLUMNS), SCENES[:1])
