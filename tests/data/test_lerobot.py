"""LeRobot data sets of both versions, with pictures in the tables and with videos."""

import json
import shutil
import sys
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.data.make_lerobot import TASKS, VIEWS, Recorded, level, write_lerobot
from vlareg.data.conventions import LEROBOT_LIBERO
from vlareg.data.lerobot import LeRobotFolder

FORMATS = [(2, False), (2, True), (3, False), (3, True)]


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    root = tmp_path_factory.mktemp("lerobot")
    return {form: write_lerobot(root / f"v{form[0]}-{form[1]}", *form) for form in FORMATS}


@pytest.fixture
def folder(originals, request, tmp_path):
    """A copy, for damage."""
    return shutil.copytree(originals[request.param], tmp_path / "set")


def episodes(folder, task=0, **options):
    return list(LeRobotFolder(str(folder), **options).tasks()[task].episodes())


@pytest.mark.parametrize("form", FORMATS)
def test_every_form_gives_the_same_episodes(originals, form):
    tasks = LeRobotFolder(str(originals[form])).tasks()
    assert [task.task for task in tasks] == list(TASKS)
    found = [list(task.episodes()) for task in tasks]
    assert [[len(episode) for episode in task] for task in found] == [[9, 7], [8, 10]]
    assert {episode.instruction for episode in found[1]} == {TASKS[1]}
    for index, episode in zip((0, 3, 2, 10), [*found[0], *found[1]], strict=True):
        assert episode.actions[:, 0].tolist() == episode.proprio[:, 0].tolist() == list(range(len(episode)))
        for view in (0, 1):
            # Upright in the file, so half-turned now: what was above is below.
            below, above = episode.frames[:, view, 20:28], episode.frames[:, view, 4:12]
            expected = [level(index, step, view) for step in range(len(episode))]
            np.testing.assert_allclose(below.mean(axis=(1, 2, 3)), expected, atol=3)
            assert above.max() < 20


def test_views_come_in_the_order_asked_for(originals):
    swapped = replace(LEROBOT_LIBERO, views=VIEWS[::-1])
    first = episodes(originals[2, False])[0].frames
    np.testing.assert_array_equal(first, episodes(originals[2, False], conventions=swapped)[0].frames[:, ::-1])


def test_columns_and_tasks_can_be_chosen(originals, tmp_path):
    folder = shutil.copytree(originals[3, False], tmp_path / "openpi")
    file = folder / "data/chunk-000/file-000.parquet"
    table = pq.read_table(file)
    names = {"action": "actions", "observation.state": "state"}
    pq.write_table(table.rename_columns([names.get(name, name) for name in table.column_names]), file)
    chosen = LeRobotFolder(str(folder), action_key="actions", state_key="state", instructions=[TASKS[1]])
    assert [len(episode) for task in chosen.tasks() for episode in task.episodes()] == [8, 10]
    with pytest.raises(ValueError, match="has no task 'fly'; it has"):
        LeRobotFolder(str(folder), instructions=["fly"])
    with pytest.raises(ValueError, match=r"file-000\.parquet has no column 'observation\.state'; it has"):
        episodes(folder)


def test_another_rate_than_declared_is_refused(originals):
    with pytest.raises(ValueError, match=r"info\.json states 10 steps per second, but `fps` is declared as 20"):
        episodes(originals[2, False], conventions=replace(LEROBOT_LIBERO, fps=20.0))


def test_a_missing_camera_is_named_with_what_there_is(originals):
    with pytest.raises(ValueError, match=r"no camera 'wrist'; it has \['observation\.images\.image', "):
        LeRobotFolder(str(originals[2, False]), conventions=replace(LEROBOT_LIBERO, views=("wrist",)))


@pytest.mark.parametrize("folder", [(2, True), (3, True)], indirect=True)
def test_rows_without_their_video_are_named(folder):
    for file in folder.rglob(f"{VIEWS[1]}/**/*.mp4"):
        file.unlink()
    with pytest.raises(ValueError, match=r"parquet:episode 0, camera 'observation\.images\.image2': .*mp4 does not"):
        episodes(folder)


@pytest.mark.parametrize("folder", [(2, True)], indirect=True)
def test_a_video_shorter_than_its_rows_is_named(folder):
    shorter = folder / f"videos/chunk-000/{VIEWS[0]}/episode_000003.mp4"
    shutil.copy(shorter, shorter.with_name("episode_000000.mp4"))
    with pytest.raises(ValueError, match=r"episode 0, camera .*episode_000000\.mp4 has no frame 7"):
        episodes(folder)


def rewrite(folder, change):
    file = folder / "data/chunk-000/episode_000003.parquet"
    rows = pq.read_table(file).to_pylist()
    change(rows)
    pq.write_table(pa.Table.from_pylist(rows), file)


@pytest.mark.parametrize("folder", [(2, False)], indirect=True)
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: rows[4]["action"].__setitem__(2, float("nan")), "episode 3, frame 4: the action is not finite"),
        (lambda rows: rows.pop(5), "episode 3: frame 5 is missing"),
        (lambda rows: rows[2].update(task_index=1), "episode 3: its frames are of the tasks"),
        (lambda rows: rows[6][VIEWS[0]].update(bytes=b"no picture"), "episode 3, frame 6: the picture cannot be read"),
        (lambda rows: rows[6].update({VIEWS[0]: None}), "episode 3, frame 6: the picture cannot be read"),
        (lambda rows: rows[1].update(action=[0.0]), "episode 3: 'action' has no, or not equally many, numbers"),
    ],
)
def test_damaged_rows_are_named(folder, change, message):
    rewrite(folder, change)
    with pytest.raises(ValueError, match=rf"episode_000003\.parquet:{message}"):
        episodes(folder)


@pytest.mark.parametrize("folder", [(2, False)], indirect=True)
def test_rows_may_stand_in_any_order(folder):
    before = episodes(folder)[1]
    rewrite(folder, lambda rows: rows.reverse())
    np.testing.assert_array_equal(episodes(folder)[1].frames, before.frames)


@pytest.mark.parametrize("folder", [(2, False), (3, False)], indirect=True)
def test_a_truncated_or_missing_table_is_named(folder):
    file = min((folder / "data").rglob("*.parquet"))
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(ValueError, match=rf"{file.name} cannot be read"):
        episodes(folder)
    file.unlink()
    with pytest.raises(ValueError, match=rf"{file.name} cannot be read"):
        episodes(folder)


@pytest.mark.parametrize("folder", [(2, False)], indirect=True)
def test_other_versions_and_several_tasks_an_episode_are_refused(folder):
    lines = (folder / "meta/episodes.jsonl").read_text().replace(f'["{TASKS[0]}"]', json.dumps(TASKS))
    (folder / "meta/episodes.jsonl").write_text(lines)
    with pytest.raises(ValueError, match="episode 0 must have one task, but has"):
        LeRobotFolder(str(folder))
    info = json.loads((folder / "meta/info.json").read_text())
    (folder / "meta/info.json").write_text(json.dumps({**info, "codebase_version": "v1.6"}))
    with pytest.raises(ValueError, match=r"`codebase_version` must be v2\.x or v3\.x, but is 'v1\.6'"):
        LeRobotFolder(str(folder))
    with pytest.raises(FileNotFoundError, match="is no LeRobot data set"):
        LeRobotFolder(str(folder / "data"))


@pytest.mark.parametrize("folder", [(2, False)], indirect=True)
def test_a_changed_file_is_another_data_set(folder):
    (task, _) = LeRobotFolder(str(folder)).tasks()
    before = task.identity
    rewrite(folder, lambda rows: rows[0]["action"].__setitem__(0, 9.0))
    assert LeRobotFolder(str(folder)).tasks()[0].identity != before


def test_a_task_without_episodes_is_left_out(tmp_path):
    folder = write_lerobot(tmp_path / "one", 2, video=False, episodes=(Recorded(4, 1, 3),))
    assert [task.task for task in LeRobotFolder(str(folder)).tasks()] == [TASKS[1]]


def test_without_pyarrow_the_extra_is_named(originals, monkeypatch):
    """It is loaded where a table is read, so that nothing else needs it."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ImportError, match=r"pip install vlareg\[lerobot\]"):
        episodes(originals[2, False])
