import multiprocessing
import os
import signal
import threading
import time

import pytest

from vlareg.files import atomic_file, atomic_folder, cache_folder, locked


def test_a_file_that_could_not_be_written_leaves_the_earlier_one(tmp_path):
    target = tmp_path / "a.json"
    target.write_text("earlier")
    with pytest.raises(IsADirectoryError), atomic_file(target) as path:
        path.write_text("half")
        tmp_path.write_text("fails")
    assert target.read_text() == "earlier"
    assert list(tmp_path.iterdir()) == [target]


def test_a_folder_is_replaced_whole(tmp_path):
    target = tmp_path / "policy"
    for content in ("first", "second"):
        with atomic_folder(target, replaces=("first",)) as folder:
            (folder / content).write_text(content)
    assert [file.name for file in target.iterdir()] == ["second"]
    assert list(tmp_path.iterdir()) == [target]


def test_a_folder_that_could_not_be_filled_leaves_the_earlier_one(tmp_path):
    target = tmp_path / "policy"
    with atomic_folder(target) as folder:
        (folder / "first").write_text("1")
    with pytest.raises(FileNotFoundError), atomic_folder(target, replaces=("first",)) as folder:
        (folder / "second").write_text("2")
        (folder / "third").read_text()
    assert [file.name for file in target.iterdir()] == ["first"]
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("other", ["thesis.txt", "folder.json"])
def test_a_folder_with_anything_else_in_it_is_not_replaced(tmp_path, other):
    target = tmp_path / "mine"
    target.mkdir()
    (target / "config.json").write_text("{}")
    if other == "folder.json":
        (target / other).mkdir()
    else:
        (target / other).write_text("years of work")
    message = rf"mine would be replaced, but holds \['{other}'\]; choose a new output folder"
    with pytest.raises(ValueError, match=message), atomic_folder(target, replaces=("*.json",)):
        pytest.fail("filled")
    assert sorted(path.name for path in target.iterdir()) == sorted(["config.json", other])
    assert list(tmp_path.iterdir()) == [target]


def test_a_lock_is_held_by_one_and_the_others_say_that_they_wait(tmp_path, capsys):
    inside, most = [], []

    def work():
        with locked(tmp_path / "new" / "a.lock"):
            inside.append(1)
            most.append(len(inside))
            time.sleep(0.1)
            inside.pop()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1, 1, 1]
    assert f"Waiting for another process, which holds {tmp_path / 'new' / 'a.lock'}" in capsys.readouterr().err


def _killed_inside(path):
    with locked(path):
        os.kill(os.getpid(), signal.SIGKILL)


def test_a_lock_vanishes_with_a_killed_process(tmp_path, capsys):
    process = multiprocessing.get_context("fork").Process(target=_killed_inside, args=(tmp_path / "a.lock",))
    process.start()
    process.join()
    with locked(tmp_path / "a.lock"):
        assert capsys.readouterr().err == ""


def test_the_cache_can_be_moved(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("VLAREG_CACHE", raising=False)
    assert cache_folder("frames") == tmp_path / "vlareg/frames"
    monkeypatch.setenv("VLAREG_CACHE", str(tmp_path / "mine"))
    assert cache_folder("frames") == tmp_path / "mine/frames"
