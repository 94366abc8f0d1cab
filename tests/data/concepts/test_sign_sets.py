import numpy as np
import pytest

from vlareg.data.concepts.sign_sets import sign_sets
from vlareg.envs.signs.pictograms import SIGNS
from vlareg.envs.signs.signs import render_sign


def test_multiples_of_sixty_make_the_categories_equally_large():
    for images in sign_sets(pictures=120):
        assert len(images) == 120
        assert len(set(images.labels.bincount().tolist())) == 1
        assert images.classes == SIGNS[images.name]


def test_a_picture_shows_its_class_and_depends_on_seed_category_and_number_alone():
    one, more, other = (sign_sets(pictures, 48, seed)[4] for pictures, seed in ((24, 7), (60, 7), (24, 8)))
    for i in (0, 5, 11):
        name = one.classes[int(one.labels[i])]
        np.testing.assert_array_equal(one.read(i), render_sign("traffic", name, np.random.default_rng((7, 4, i)), 48))
        np.testing.assert_array_equal(one.read(i), more.read(i))
        assert (one.read(i) != other.read(i)).any()


def test_too_few_pictures_are_named():
    with pytest.raises(ValueError, match="`pictures` must be >= 24, 4 of each of 6 signs, but got 23"):
        sign_sets(pictures=23)
