import numpy as np
import pytest

from tests.data.make_rlds import episode, write_shard
from vlareg.data.conventions import CONVERTED_RLDS
from vlareg.data.libero_hdf5 import LiberoFolder
from vlareg.data.rlds_converter import convert, main


@pytest.fixture
def shards(tmp_path):
    folder = tmp_path / "rlds"
    folder.mkdir()
    write_shard(folder / "libero-train.tfrecord-00000-of-00002", [episode("push", 5), episode("put it down!", 6)])
    write_shard(folder / "libero-train.tfrecord-00001-of-00002", [episode("push", 7), episode("put it down?", 4)])
    return folder


def test_every_episode_arrives_in_its_task_s_file(shards, tmp_path):
    files = convert(shards, tmp_path / "out")
    assert [file.name for file in files] == ["push_demo.hdf5", "put_it_down_2_demo.hdf5", "put_it_down_demo.hdf5"]
    tasks = [list(task.episodes()) for task in LiberoFolder(str(tmp_path / "out"), CONVERTED_RLDS).tasks()]
    found = {episodes[0].instruction: [len(episode) for episode in episodes] for episodes in tasks}
    assert found == {"push": [5, 7], "put it down?": [4], "put it down!": [6]}
    first = tasks[0][1]
    assert first.actions[:, 0].tolist() == first.proprio[:, 0].tolist() == list(range(7))
    assert first.actions[:, 6].tolist() == [-1, -1, -1, 1, 1, 1, 1]
    assert first.frames.shape == (7, 2, 32, 32, 3)
    assert first.frames[:, :, :12].max() < 10, "upright in the file, so half-turned now"
    assert first.frames[:, :, 20:].min() > 190


def test_the_command_says_what_is_wrong_and_leaves_nothing(shards, tmp_path):
    damaged = episode("push", 5)
    damaged["steps/observation/image"] = [*damaged["steps/observation/image"][:3], b"no picture", b""]
    write_shard(shards / "libero-train.tfrecord-00001-of-00002", [damaged])
    with pytest.raises(
        SystemExit, match=r"00001-of-00002:episode 0, frame 3: the picture of 'image' cannot be decoded"
    ):
        main([str(shards), str(tmp_path / "out")])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["rlds"]
    with pytest.raises(SystemExit, match=r"there is no \*\.tfrecord\*"):
        main([str(tmp_path), str(tmp_path / "out")])


def test_an_earlier_conversion_is_replaced_and_nothing_else(shards, tmp_path):
    out = tmp_path / "out"
    files = convert(shards, out)
    (out / "stale_demo.hdf5").write_bytes(b"")
    convert(shards, out)
    assert sorted(out.iterdir()) == files
    (out / "thesis.txt").write_text("years of work")
    before = sorted(tmp_path.rglob("*"))
    for folder, held in {out: "thesis.txt", tmp_path: "rlds", shards: "libero-train"}.items():
        with pytest.raises(SystemExit, match=rf"would be replaced, but holds .*{held}.*choose a new output folder"):
            main([str(shards), str(folder)])
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("steps/action", np.zeros(34), r"'steps/action' has 34 numbers, which is no multiple of its 5 steps"),
        ("steps/observation/image", [b""], r"has 1 pictures of 'image' for 5 steps"),
        ("steps/language_instruction", [b"a"] * 4 + [b"b"], r"must have one instruction, but has \['a', 'b'\]"),
        ("steps/observation/state", None, r"episode 0 has no 'steps/observation/state'; it has"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path, key, value, message):
    features = {**episode("push", 5), key: value}
    write_shard(tmp_path / "a.tfrecord", [{k: v for k, v in features.items() if v is not None}])
    with pytest.raises(ValueError, match=message):
        convert(tmp_path, tmp_path / "out")


def test_the_command_prints_the_files(shards, tmp_path, capsys):
    main([str(shards), str(tmp_path / "out")])
    assert capsys.readouterr().out.count("_demo.hdf5\n") == 3
