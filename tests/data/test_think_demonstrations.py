"""Demonstrations of signs end on the board that their instruction names."""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

import vlareg.data.demonstrations as recorder
from vlareg.data import Demonstrations
from vlareg.data.demonstrations import main, record_demonstrations
from vlareg.envs import LiberoEnv
from vlareg.envs.libero_mini import parts
from vlareg.envs.libero_mini.parts import Recipe, record_part
from vlareg.envs.libero_mini.recordable import Recordable
from vlareg.envs.libero_mini.sign_boards import FIXTURES
from vlareg.envs.libero_mini.think import Boards
from vlareg.envs.perturbations.scene import Scene

SUITE, PARITY = "libero_mini_think", 3
DATA = Demonstrations(suite=SUITE, tasks=(PARITY,), train_episodes=1, validation_episodes=1)


def _here(jobs: list[recorder.Job], recipe: Recipe, workers: int, progress: bool, total: int) -> None:
    """Record in this process, which is quicker than starting others."""
    for number, index, target in jobs:
        record_part(number, index, recipe, target)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Path]]:
    """Return the files of both signs of a category, recorded into a cache of the test's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VLAREG_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setattr(recorder, "_run", _here)
        yield DATA.files()


@pytest.fixture(scope="module")
def env() -> Iterator[LiberoEnv]:
    with closing(LiberoEnv(SUITE, PARITY)) as env:
        yield env


def _boards(demo: h5py.Group) -> Boards:
    stored = json.loads(demo.attrs["boards"])
    return Boards(**{**stored, "places": np.array(stored["places"])})


def test_each_sign_is_a_source_with_its_instruction(files: list[Path]) -> None:
    assert [file.name for file in files] == ["think_parity_even_demo.hdf5", "think_parity_odd_demo.hdf5"]
    for source, sign in zip(DATA.sources(), ("even", "odd"), strict=True):
        told = [episode.instruction for episode in source.episodes()]
        assert told == [f"put the red cube on the board that shows an {sign} number"] * 2


def test_a_folder_s_files_are_those_of_both_suites(files: list[Path]) -> None:
    folder = str(files[0].parent)
    for suite in (SUITE, "libero_mini_think_any"):
        assert replace(DATA, suite=suite, folder=folder).files() == files


@pytest.mark.parametrize("number", [0, 1])
def test_the_episode_solves_the_suite_in_which_the_named_board_counts(
    files: list[Path], env: LiberoEnv, number: int
) -> None:
    """The goal's fixture shows the sign, and the same actions fail where the two signs are exchanged."""
    with h5py.File(files[number], "r") as root:
        recorded = root[f"data/demo_{number}"]
        boards = _boards(recorded)
        assert boards.names[boards.goal] == ("even", "odd")[number] != boards.names[1 - boards.goal]
        assert _replays(env, recorded, boards)
        scene = Scene(env.simulator, env.cameras)
        shown, goal = _texture(scene, FIXTURES[0]), scene.position(FIXTURES[0])[:2]
        np.testing.assert_array_equal(shown, boards.picture(boards.goal, len(shown)))
        np.testing.assert_allclose(goal, boards.places[boards.goal])
        assert np.linalg.norm(scene.position("red_cube_1")[:2] - goal) < 0.05
        assert not _replays(env, recorded, replace(boards, goal=1 - boards.goal))


def _replays(env: LiberoEnv, demo: h5py.Group, boards: Boards) -> bool:
    """Execute a demonstration's actions and return whether it succeeds in the end, to the last bit as it was recorded."""
    env.reset_to(demo.attrs["init_state"], boards=boards)
    for step, action in enumerate(demo["actions"]):
        np.testing.assert_array_equal(env.simulator.get_sim_state(), demo["states"][step])
        observation, success = env.step(action)
    if success:
        np.testing.assert_array_equal(observation.frames[0], demo["obs/agentview_rgb"][-1])
    return success


def _texture(scene: Scene, fixture: str) -> np.ndarray:
    from vlareg.envs.libero_mini.boards import PICTURE_SIZE  # here, for LIBERO has to be prepared before

    start = int(scene.model.texture(f"{fixture}_picture").adr[0])
    pixels: np.ndarray = scene.model.tex_data[start : start + 3 * PICTURE_SIZE**2]
    return pixels.reshape(PICTURE_SIZE, PICTURE_SIZE, 3)


def test_an_interrupted_recording_goes_on_and_makes_the_same_demonstrations(
    files: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever was recorded before them in the same process."""
    attempts: list[str] = []
    record = parts.record

    def interrupted(env: LiberoEnv, what: Recordable, seed: int, index: int, noise: float) -> object:
        attempts.append(what.name)
        if len(attempts) == 2:
            raise KeyboardInterrupt
        return record(env, what, seed, index, noise)

    monkeypatch.setattr(parts, "record", interrupted)
    with pytest.raises(KeyboardInterrupt):
        record_demonstrations(tmp_path, (PARITY,), 1, suite=SUITE, progress=False)
    assert not list(tmp_path.glob("*.hdf5"))
    again = record_demonstrations(tmp_path, (PARITY,), 1, suite=SUITE, progress=False)
    assert attempts == ["think_parity_even", "think_parity_odd", "think_parity_odd"]
    for one, other in zip(files, again, strict=True):
        assert _contents(one) == _contents(other)


def _contents(file: Path) -> dict[str, bytes]:
    """Return everything about a file's first demonstration."""
    found: dict[str, bytes] = {}
    with h5py.File(file, "r") as root:
        demo = root["data/demo_0"]
        found |= {f".{key}": np.asarray(value).tobytes() for key, value in demo.attrs.items()}
        demo.visititems(
            lambda name, entry: found.update({name: entry[()].tobytes()} if hasattr(entry, "shape") else {})
        )
    assert {".boards", ".init_state", "states", "obs/agentview_rgb"} <= found.keys()
    return found


def test_boards_are_refused_where_there_are_none(files: list[Path]) -> None:
    with h5py.File(files[0], "r") as root:
        boards = _boards(root["data/demo_0"])
    with (
        closing(LiberoEnv("libero_mini", 0, cameras=())) as env,
        pytest.raises(ValueError, match="`boards` must be None for a suite without boards"),
    ):
        env.reset_to(env.init_states[0], boards=boards)


def test_the_command_and_the_data_name_what_cannot_be_recorded(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"error: `tasks` must be different numbers in 0\.\.7, but got \[8\]"):
        main(["--suite", SUITE, "--tasks", "8", "--output", str(tmp_path / "new")])
    assert not (tmp_path / "new").exists()
    with pytest.raises(ValueError, match=r"only demonstrations of libero_mini and libero_mini_think can be recorded"):
        replace(DATA, suite="libero_mini_think_any").files()
