from itertools import combinations

import numpy as np
import pytest

from vlareg.envs.signs.palette import PALETTE
from vlareg.envs.signs.pictograms import SIGNS
from vlareg.envs.signs.signs import draw_sign, render_sign, texture

EVERY = [(category, name) for category, names in SIGNS.items() for name in names]


@pytest.mark.parametrize(("category", "name"), EVERY)
def test_a_sign_is_drawn_on_its_board(category: str, name: str) -> None:
    board = np.asarray(draw_sign(category, name, np.random.default_rng(0), 64)).astype(float)
    assert board.shape == (64, 64, 4)
    assert (board[[0, 0, -1, -1], [0, -1, 0, -1], 3] < 128).all()
    assert 0.4 < (board[..., 3] > 128).mean() < 1
    middle = board[16:48, 16:48, :3]
    assert middle.std(axis=(0, 1)).max() > 20


@pytest.mark.parametrize(("category", "name"), EVERY)
def test_a_picture_depends_on_the_generator_alone(category: str, name: str) -> None:
    first, again, other = (render_sign(category, name, np.random.default_rng(seed), 48) for seed in (1, 1, 2))
    assert first.shape == (48, 48, 3)
    assert first.dtype == np.uint8
    assert (first == again).all()
    assert (first != other).mean() > 0.5


@pytest.mark.parametrize("category", [category for category in SIGNS if category != "color"])
def test_names_of_a_category_look_different(category: str) -> None:
    pictures = [np.asarray(draw_sign(category, name, np.random.default_rng(3), 48)) for name in SIGNS[category]]
    for first, second in combinations(pictures, 2):
        assert (np.abs(first.astype(int) - second).max(axis=-1) > 40).mean() > 0.01


@pytest.mark.parametrize("name", SIGNS["color"])
def test_a_color_sign_shows_the_palette_color(name: str) -> None:
    board = np.asarray(draw_sign("color", name, np.random.default_rng(5), 64))[..., :3].astype(int)
    distance = np.abs(board[24:40, 24:40] - np.array(PALETTE[name])).max(axis=-1)
    assert (distance <= 20).mean() > 0.9


@pytest.mark.parametrize(("name", "axis", "flip"), [("up", 0, 1), ("down", 0, -1), ("left", 1, 1), ("right", 1, -1)])
def test_an_arrow_is_widest_towards_its_tip(name: str, axis: int, flip: int) -> None:
    extents = []
    for seed in range(8):
        board = np.asarray(draw_sign("arrow", name, np.random.default_rng(seed), 96))[..., :3].astype(int)
        ink = np.abs(board - board[48, 48]).max(axis=-1)[20:76, 20:76] < 30
        widths = ink.sum(axis=1 - axis)[::flip]
        extents.append(widths[:28].max() - widths[28:].max())
    assert np.mean(extents) > 5


def test_an_unknown_sign_is_named_and_the_nearest_suggested() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="`category`: no sign 'wether'; did you mean 'weather'"):
        render_sign("wether", "sun", rng)
    with pytest.raises(ValueError, match="`name`: no sign 'fog'; it is one of"):
        render_sign("weather", "fog", rng)


def test_a_texture_is_neither_flat_nor_noisy() -> None:
    picture = texture(np.random.default_rng(0), 64).astype(int)
    assert picture.std() > 3
    assert np.abs(np.diff(picture, axis=0)).mean() < 6
