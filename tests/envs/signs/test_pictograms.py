import numpy as np
import pytest

from vlareg.envs.signs.palette import BLACK, WHITE
from vlareg.envs.signs.pen import Pen
from vlareg.envs.signs.pictograms import PICTOGRAMS, SIGNS

EVERY = [(category, name) for category, names in SIGNS.items() for name in names]


def test_there_are_eight_categories_whose_names_are_all_different() -> None:
    assert len(SIGNS) == 8
    assert len({name for _, name in EVERY}) == len(EVERY)


@pytest.mark.parametrize(("category", "name"), EVERY)
def test_a_pictogram_stands_in_the_middle_of_the_square(category: str, name: str) -> None:
    pen = Pen(BLACK, WHITE)
    PICTOGRAMS[category][name](pen, np.random.default_rng(0))
    rows, columns = np.nonzero(np.asarray(pen.image)[..., 3])
    assert 0.05 < len(rows) / 192**2 < 0.9
    assert np.abs([(rows.min() + rows.max()) / 191 - 1, (columns.min() + columns.max()) / 191 - 1]).max() < 0.25
