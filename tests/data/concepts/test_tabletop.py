from itertools import pairwise

import numpy as np
import pytest

from tests.data.concepts.small_scenes import TABLETOPS
from vlareg.data.concepts.facts import facts
from vlareg.data.concepts.tabletop import Tabletop
from vlareg.data.concepts.vocabulary import COLORS
from vlareg.envs.signs.palette import PALETTE
from vlareg.policies.openvla.preprocessing import jpeg_round_trip, resize, rotate_180

pytestmark = pytest.mark.xdist_group("scenes")


def test_an_object_is_where_its_pixel_says(scenes: dict[str, np.ndarray]) -> None:
    """At the pixel of a cube that nothing covers there is its colour, up to light and shadow."""
    hits, total = 0, 0
    directions = np.array(list(PALETTE.values())) / 255.0
    for index in range(TABLETOPS):
        for thing in facts(scenes, index).things:
            if (
                thing.kind in ("cube", "puck", "cylinder")
                and thing.visible
                and thing.color in ("red", "green", "blue", "yellow")
            ):
                x, y = (int(96 * value) for value in thing.pixel)
                pixel = scenes["frames"][index, 0, y, x] / 255.0
                cosine = directions @ pixel / np.linalg.norm(directions, axis=1) / np.linalg.norm(pixel)
                hits += cosine[COLORS.index(thing.color)] > 0.93
                total += 1
    assert total >= 10
    assert hits / total >= 0.8


def test_left_in_words_is_on_the_right_of_the_mirrored_picture(scenes: dict[str, np.ndarray]) -> None:
    for index in range(TABLETOPS):
        seen = facts(scenes, index).seen
        for left, right in pairwise(seen):
            if right.position[1] - left.position[1] > 0.1:
                assert left.pixel[0] > right.pixel[0]


def test_labels_agree_with_one_another(scenes: dict[str, np.ndarray]) -> None:
    held = 0
    for index in range(TABLETOPS):
        scene = facts(scenes, index)
        assert len({thing.name for thing in scene.things}) == len(scene.things)
        for number, thing in enumerate(scene.things):
            if number == scene.held:
                held += 1
                assert thing.position == pytest.approx(scene.gripper_position, abs=1e-3)
                assert 0.03 < scene.opening < 0.06
            elif thing.support >= 0:
                support = scene.things[thing.support]
                assert support.kind in ("plate", "box", "region")
                assert np.hypot(*np.subtract(thing.position, support.position)[:2]) < 0.04
            else:
                assert 0.89 < thing.position[2] < 0.94
        assert scene.gripper_position[2] > 0.9
        assert 0 <= scene.opening <= 0.081
    assert held >= 3


def test_it_looks_as_in_the_suite(tabletop: Tabletop) -> None:
    """Without jitter and objects, the pool's model shows what the suite's simulator shows."""
    from vlareg.envs import LiberoEnv

    env = LiberoEnv("libero_mini", 8)
    try:
        observation = env.reset(0)
        simulator = env.simulator.env.sim
        joints = simulator.data.qpos
        tabletop.stage.data.qpos[tabletop.arm.fingers] = joints[7:9]
        tabletop.show([], np.random.default_rng(0))
        tabletop.arm.move(joints[:7])
        grip = simulator.data.site_xpos[simulator.model._model.site("gripper0_grip_site").id]
        assert tabletop.arm.position == pytest.approx(grip, abs=1e-6)
        prepared = resize(jpeg_round_trip(rotate_180(observation.frames)), 96)
        difference = np.abs(prepared.astype(int) - tabletop.cameras.frames()).max(axis=-1)
        assert np.median(difference) <= 2
        assert (difference[0] > 20).mean() < 0.35  # the block and the two regions
    finally:
        env.close()
