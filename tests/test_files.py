import pytest

from vlareg.files import atomic_file, atomic_folder, cache_folder


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
        with atomic_folder(target) as folder:
            (folder / content).write_text(content)
    assert [file.name for file in target.iterdir()] == ["second"]
    assert list(tmp_path.iterdir()) == [target]


def test_a_folder_that_could_not_be_filled_leaves_the_earlier_one(tmp_path):
    target = tmp_path / "policy"
    with atomic_folder(target) as folder:
        (folder / "first").write_text("1")
    with pytest.raises(FileNotFoundError), atomic_folder(target) as folder:
        (folder / "second").write_text("2")
        (folder / "third").read_text()
    assert [file.name for file in target.iterdir()] == ["first"]
    assert list(tmp_path.iterdir()) == [target]


def test_the_cache_can_be_moved(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("VLAREG_CACHE", raising=False)
    assert cache_folder("frames") == tmp_path / "vlareg/frames"
    monkeypatch.setenv("VLAREG_CACHE", str(tmp_path / "mine"))
    assert cache_folder("frames") == tmp_path / "mine/frames"
