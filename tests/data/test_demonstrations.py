"""Recorded files have LIBERO's schema, replay exactly, grow, and survive what goes wrong."""

import json
import resource
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

import h5py
import numpy as np
import pytest

import vlareg.data.demonstrations as recorder
from vlareg.data.demonstrations import RecordingError, main, record_demonstrations
from vlareg.data.libero_hdf5 import LiberoHDF5
from vlareg.envs import LiberoEnv
from vlareg.envs.libero_mini import parts
from vlareg.envs.libero_mini.expert import SceneReader, expert_action
from vlareg.envs.libero_mini.memory_file import new_hdf5
from vlareg.envs.libero_mini.parts import Recipe, record_part

RECIPE = Recipe(seed=0, noise=0.25, resolution=32)
TASK = 5


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of two demonstrations, recorded by two processes."""
    folder = tmp_path_factory.mktemp("recorded")
    (file,) = record_demonstrations(folder, (TASK,), 2, recipe=RECIPE, workers=2, progress=False)
    return file


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Record in this process, which is quicker than starting others."""

    def run(jobs: list[recorder.Job], recipe: Recipe, workers: int, progress: bool, total: int) -> None:
        for task, index, target in jobs:
            record_part(task, index, recipe, target)

    monkeypatch.setattr(recorder, "_run", run)


def _contents(file: Path) -> dict[str, bytes]:
    found: dict[str, bytes] = {}

    def visit(name: str, entry: h5py.Group | h5py.Dataset) -> None:
        if isinstance(entry, h5py.Dataset):
            found[name] = np.asarray(entry).tobytes()
        for key, value in entry.attrs.items():
            found[f"{name}.{key}"] = np.asarray(value).tobytes() if not isinstance(value, str) else value.encode()

    with h5py.File(file, "r") as root:
        root.visititems(visit)
    return found


def test_the_schema_is_libero_s(recorded: Path) -> None:
    """Every data set and attribute of the raw files, with its shape."""
    with h5py.File(recorded, "r") as root:
        data = root["data"]
        assert (
            json.loads(data.attrs["problem_info"])["language_instruction"] == "push the white puck to the right region"
        )
        assert data.attrs["bddl_file_name"].endswith("push_the_white_puck_to_the_right_region.bddl")
        assert json.loads(data.attrs["env_args"])["env_kwargs"]["camera_heights"] == 32
        assert data.attrs["num_demos"] == len(data) == 2
        assert data.attrs["total"] == sum(len(demo["actions"]) for demo in data.values())
        demo = data["demo_1"]
        steps = demo.attrs["num_samples"]
        shapes = {
            "actions": (7,),
            "expert_actions": (7,),
            "states": demo.attrs["init_state"].shape,
            "robot_states": (9,),
            "rewards": (),
            "dones": (),
            "obs/agentview_rgb": (32, 32, 3),
            "obs/eye_in_hand_rgb": (32, 32, 3),
            "obs/ee_states": (6,),
            "obs/ee_pos": (3,),
            "obs/ee_ori": (3,),
            "obs/gripper_states": (2,),
            "obs/joint_states": (7,),
        }
        assert {name: demo[name].shape for name in shapes} == {name: (steps, *shape) for name, shape in shapes.items()}
        assert demo["obs/agentview_rgb"].compression
        assert "<mujoco" in demo.attrs["model_file"]
        assert list(demo["dones"]) == list(demo["rewards"]) == [0] * (steps - 1) + [1]


def test_the_reader_reads_it(recorded: Path) -> None:
    """Both episodes, with the labels."""
    episodes = list(LiberoHDF5(recorded, action_key="expert_actions").episodes())
    assert [episode.instruction for episode in episodes] == ["push the white puck to the right region"] * 2
    assert all(len(episode.frames) == len(episode) > 20 for episode in episodes)


def test_the_actions_replay_the_episode(recorded: Path) -> None:
    """From `init_state`: states before, observations after, labels in between, success at the end, all to the last bit."""
    env = LiberoEnv("libero_mini", TASK, resolution=32)
    with h5py.File(recorded, "r") as root:
        demo = root["data/demo_1"]
        env.reset_to(demo.attrs["init_state"])
        reader = SceneReader(env.simulator)
        for step, action in enumerate(demo["actions"]):
            np.testing.assert_array_equal(env.simulator.get_sim_state(), demo["states"][step])
            np.testing.assert_array_equal(expert_action(reader.read()), demo["expert_actions"][step])
            observation, success = env.step(action)
            np.testing.assert_array_equal(observation.frames[0], demo["obs/agentview_rgb"][step])
            np.testing.assert_array_equal(observation.frames[1], demo["obs/eye_in_hand_rgb"][step])
            np.testing.assert_array_equal(observation.proprio[:6], demo["obs/ee_states"][step].astype(np.float32))
        assert success
    env.close()


def test_the_executed_actions_are_the_labels_and_noise(recorded: Path) -> None:
    """On the translations alone; nothing stands still for long."""
    with h5py.File(recorded, "r") as root:
        executed, labels = (np.asarray(root[f"data/demo_0/{key}"]) for key in ("actions", "expert_actions"))
    assert np.std((executed - labels)[:, :3]) > 0.05
    np.testing.assert_array_equal(executed[:, 3:], labels[:, 3:])
    still = np.linalg.norm(labels[:, :3], axis=1) < 0.05
    assert still.mean() < 0.1


def test_a_file_grows_and_its_first_demonstrations_stay(recorded: Path, tmp_path: Path, here: None) -> None:
    """Demonstration 1 does not depend on when, where or beside which others it was recorded."""
    (file,) = record_demonstrations(tmp_path, (TASK,), 1, recipe=RECIPE, progress=False)
    with h5py.File(file, "r") as root:
        assert root["data"].attrs["num_demos"] == 1
    record_demonstrations(tmp_path, (TASK,), 2, recipe=RECIPE, progress=False)
    assert _contents(file) == _contents(recorded)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".lock", file.name]
    before = file.stat().st_mtime_ns
    record_demonstrations(tmp_path, (TASK,), 1, recipe=RECIPE, progress=False)
    assert file.stat().st_mtime_ns == before


def test_an_interrupted_recording_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, here: None) -> None:
    """What was recorded before the interruption is not recorded again, and no file looks complete before it is."""
    attempts: list[int] = []
    record = parts.record

    def interrupted(env: LiberoEnv, task: int, seed: int, index: int, noise: float) -> object:
        attempts.append(index)
        if attempts == [0, 1]:
            raise KeyboardInterrupt
        return record(env, task, seed, index, noise)

    monkeypatch.setattr(parts, "record", interrupted)
    with pytest.raises(KeyboardInterrupt):
        record_demonstrations(tmp_path, (TASK,), 2, recipe=RECIPE, progress=False)
    assert not list(tmp_path.glob("*.hdf5"))
    (file,) = record_demonstrations(tmp_path, (TASK,), 2, recipe=RECIPE, progress=False)
    assert attempts == [0, 1, 1]
    assert LiberoHDF5(file).file == file


def test_one_at_a_time_records_into_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who comes second finds the demonstrations, and adds those that only it asks for."""
    recorded: list[int] = []

    def run(jobs: list[recorder.Job], recipe: Recipe, *_: object) -> None:
        for _task, index, target in jobs:
            recorded.append(index)
            time.sleep(0.1)
            target.parent.mkdir(exist_ok=True)
            with new_hdf5(target) as file:
                file.create_group("demo").attrs["num_samples"] = 3
                file.attrs.update(asdict(recipe))

    monkeypatch.setattr(recorder, "_run", run)
    with ThreadPoolExecutor(2) as pool:
        started = [pool.submit(record_demonstrations, tmp_path, (TASK,), n, recipe=RECIPE) for n in (2, 3)]
    (file,) = {path for future in started for path in future.result()}
    assert recorded == [0, 1, 2]
    with h5py.File(file, "r") as root:
        assert sorted(root["data"]) == ["demo_0", "demo_1", "demo_2"]


def test_complete_files_are_found_where_nothing_can_be_written(recorded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A shared folder of demonstrations is not locked."""
    monkeypatch.setattr(recorder, "locked", lambda path: pytest.fail("locked"))
    assert record_demonstrations(recorded.parent, (TASK,), 2, recipe=RECIPE) == [recorded]


def test_parts_of_another_recipe_or_damaged_are_recorded_again(recorded: Path, tmp_path: Path, here: None) -> None:
    """A part that was left over must not slip into the file."""
    folder = tmp_path / f".{recorded.stem}.parts"
    record_part(TASK, 0, Recipe(seed=1, noise=0.0, resolution=32), folder / "0.hdf5")
    (folder / "1.hdf5").write_bytes(b"not HDF5")
    (file,) = record_demonstrations(tmp_path, (TASK,), 2, recipe=RECIPE, progress=False)
    assert _contents(file) == _contents(recorded)


@pytest.mark.parametrize("room", [10_000, 150_000], ids=["for no part", "for the part but not for the file"])
def test_a_full_disk_leaves_the_earlier_file(recorded: Path, tmp_path: Path, here: None, room: int) -> None:
    """The error says what to do, and the demonstrations that were there still are; with room, it goes on."""
    file = tmp_path / recorded.name
    file.write_bytes(recorded.read_bytes())

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, limits[1]))
    try:
        with pytest.raises(RecordingError, match=r"cannot write to .*File too large.*make room and run again"):
            record_demonstrations(tmp_path, (TASK,), 3, recipe=RECIPE, progress=False)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert file.read_bytes() == recorded.read_bytes()
    assert not list(tmp_path.rglob(".partial-*"))
    record_demonstrations(tmp_path, (TASK,), 3, recipe=RECIPE, progress=False)
    assert len(list(LiberoHDF5(file).episodes())) == 3


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda content: content[:3000], "is damaged or not of this recorder"),
        (lambda content: b"", "is damaged or not of this recorder"),
    ],
)
def test_a_damaged_file_is_not_touched(
    recorded: Path, tmp_path: Path, damage: Callable[[bytes], bytes], message: str
) -> None:
    """The user decides what becomes of it."""
    file = tmp_path / recorded.name
    file.write_bytes(damage(recorded.read_bytes()))
    before = file.read_bytes()
    with pytest.raises(ValueError, match=message):
        record_demonstrations(tmp_path, (TASK,), 3, recipe=RECIPE)
    assert file.read_bytes() == before


def test_another_recipe_is_not_mixed_in(recorded: Path) -> None:
    """A file has one seed, one noise and one resolution."""
    with pytest.raises(ValueError, match=r"was recorded with .*'resolution': 32.*, not .*'resolution': 64"):
        record_demonstrations(recorded.parent, (TASK,), 3, recipe=Recipe(seed=0, noise=0.25, resolution=64))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--tasks", "10"], r"error: `tasks` must be different numbers in 0\.\.9, but got \[10\]"),
        (["--tasks", "1", "1"], "`tasks` must be different numbers"),
        (["--episodes", "0"], "`episodes` must be > 0, but got 0"),
        (["--noise", "-1"], r"`noise` must be >= 0, but got -1\.0"),
        (["--workers", "0"], "`workers` must be > 0, but got 0"),
    ],
)
def test_the_command_names_wrong_arguments(tmp_path: Path, arguments: list[str], message: str) -> None:
    """In one line, without a traceback, and before anything is written."""
    with pytest.raises(SystemExit, match=message):
        main(["--output", str(tmp_path / "new"), *arguments])
    assert not (tmp_path / "new").exists()
