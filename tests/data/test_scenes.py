import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from vlareg.data import scenes as module
from vlareg.data.questions import COLORS, SceneQuestions, facts
from vlareg.data.scenes import load_scenes, render_scene, render_scenes
from vlareg.data.signs import PALETTE

TABLETOPS, SIGNS = 40, 12


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scenes")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "SHARD", 20)
        patch.setattr(module, "ProcessPoolExecutor", _InThisProcess)
        render_scenes(TABLETOPS, 3, signs=SIGNS, output=folder)
    return folder


@pytest.fixture
def scenes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, np.ndarray]:
    monkeypatch.setattr(module, "SHARD", 20)
    return load_scenes(folder)


class _InThisProcess:
    """Runs what is submitted at once, so that a test needs no second simulator and can count the shards."""

    submitted = 0

    def __init__(self, *args: object) -> None: ...

    def __enter__(self) -> "_InThisProcess":
        return self

    def __exit__(self, *args: object) -> None: ...

    def submit(self, function, *args):  # type: ignore[no-untyped-def]
        from concurrent.futures import Future

        _InThisProcess.submitted += 1
        future: Future[int] = Future()
        future.set_result(function(*args))
        return future


def test_every_array_has_a_row_a_scene(scenes: dict[str, np.ndarray]) -> None:
    assert {len(values) for values in scenes.values()} == {TABLETOPS + SIGNS}
    assert scenes["frames"].shape[1:] == (2, 96, 96, 3)
    assert scenes["frames"].dtype == np.uint8
    assert (scenes["frames"].reshape(len(scenes["frames"]), -1).std(axis=1) > 5).all()
    assert (scenes["signs"][:TABLETOPS] == -1).all()
    assert (scenes["signs"][TABLETOPS:] >= 0).all()


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


def test_questions_can_be_asked_about_every_scene(scenes: dict[str, np.ndarray]) -> None:
    questions = SceneQuestions(scenes)
    samples = [questions[index] for index in range(2 * len(scenes["frames"]))]
    assert all(sample["answer"] for sample in samples)
    assert samples[TABLETOPS]["question"] != samples[0]["question"]


def test_a_scene_depends_on_its_seed_alone(scenes: dict[str, np.ndarray]) -> None:
    for index in (0, TABLETOPS - 1, TABLETOPS, TABLETOPS + SIGNS - 1):
        again = render_scene((3, index), with_sign=index >= TABLETOPS)
        assert np.abs(again["frames"].astype(int) - scenes["frames"][index]).max() <= 2
        assert (again["positions"] == scenes["positions"][index]).all()


def test_an_interrupted_run_goes_on_where_it_stopped(
    folder: Path, scenes: dict[str, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ProcessPoolExecutor", _InThisProcess)
    before = np.array(scenes["frames"])
    (folder / "labels-00001.npz").unlink()
    with pytest.raises(FileNotFoundError, match=r"lacks labels-00001\.npz"):
        load_scenes(folder)
    _InThisProcess.submitted = 0
    again = render_scenes(TABLETOPS, 3, signs=SIGNS, output=folder)
    assert _InThisProcess.submitted == 1
    assert np.abs(again["frames"].astype(int) - before).max() <= 2
    assert not list(folder.glob(".partial*"))


def test_a_folder_of_other_settings_is_left_alone(folder: Path) -> None:
    settings = (folder / "settings.json").read_text()
    with pytest.raises(ValueError, match=r"`output`.*choose another folder"):
        render_scenes(TABLETOPS, 4, signs=SIGNS, output=folder)
    assert (folder / "settings.json").read_text() == settings
    assert json.loads(settings)["seed"] == 3


def test_errors_name_the_argument(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="`count` and `signs` must be >= 0"):
        render_scenes(0, signs=0, output=tmp_path)
    with pytest.raises(ValueError, match="`workers` >= 1"):
        render_scenes(1, workers=0, output=tmp_path)
    with pytest.raises(FileNotFoundError, match=r"make them with `python -m vlareg\.data\.scenes`"):
        load_scenes(tmp_path / "none")
    assert not list(tmp_path.iterdir())


def test_the_tabletop_looks_as_in_the_suite(scenes: dict[str, np.ndarray]) -> None:
    """Without jitter and objects, the pool's model shows what the suite's simulator shows."""
    from vlareg.envs import LiberoEnv

    env = LiberoEnv("libero_mini", 8)
    try:
        observation = env.reset(0)
        simulator = env.simulator.env.sim
        model, joints = simulator.model._model, simulator.data.qpos
        tabletop = module._Tabletop()
        tabletop._set_arm(joints[:7])
        tabletop.data.qpos[tabletop.fingers] = joints[7:9]
        tabletop._show([], np.random.default_rng(0))
        tabletop._kinematics()
        grip = simulator.data.site_xpos[model.site("gripper0_grip_site").id]
        assert tabletop.data.site_xpos[tabletop.grip] == pytest.approx(grip, abs=1e-6)
        prepared = module.resize(module.jpeg_round_trip(module.rotate_180(observation.frames)), 96)
        difference = np.abs(prepared.astype(int) - tabletop._frames()).max(axis=-1)
        assert np.median(difference) <= 2
        assert (difference[0] > 20).mean() < 0.35  # the block and the two regions
    finally:
        env.close()
