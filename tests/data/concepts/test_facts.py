import numpy as np
import pytest

from vlareg.data.concepts.facts import blank_labels, facts
from vlareg.data.concepts.vocabulary import COLORS, KINDS
from vlareg.envs.signs.pictograms import SIGNS


def test_blank_labels_tell_of_nothing() -> None:
    scene = facts({name: np.stack([values]) for name, values in blank_labels().items()}, 0)
    assert scene.things == ()
    assert scene.sign is None
    assert scene.in_gripper is None


def test_facts_are_read_from_the_arrays() -> None:
    first, second = blank_labels(), blank_labels()
    second["kinds"][:3], second["colors"][:3], second["supports"][2] = (0, 4, 2), (0, 4, 2), 1
    second["positions"][2], second["pixels"][2], second["visible"][[0, 2]] = (0.1, -0.2, 0.3), (0.4, 0.5), True
    second["positions"][0], second["held"][...], second["openings"][...] = (0.0, 0.1, 0.0), 1, 0.04
    second["signs"][:], second["sign_pixels"][:] = (6, 5), (0.25, 0.75)
    scene = facts({name: np.stack([first[name], second[name]]) for name in first}, 1)
    names = [f"{COLORS[number]} {KINDS[number]}" for number in (0, 4, 2)]
    assert [thing.name for thing in scene.things] == names
    assert [thing.name for thing in scene.seen] == [names[2], names[0]]
    assert scene.things[2].position == pytest.approx((0.1, -0.2, 0.3))
    assert scene.things[2].pixel == pytest.approx((0.4, 0.5))
    assert scene.things[2].support == 1
    assert scene.in_gripper is scene.things[1]
    assert scene.opening == pytest.approx(0.04)
    assert scene.sign == ("weather", SIGNS["weather"][5])
    assert scene.sign_pixel == (0.25, 0.75)
