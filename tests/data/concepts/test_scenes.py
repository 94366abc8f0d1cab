import json
import runpy
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from tests.data.concepts.small_scenes import SEED, SIGNS, TABLETOPS, InThisProcess, small_shards
from vlareg.data.concepts import scenes as module
from vlareg.data.concepts.scenes import load_scenes, render_scenes

pytestmark = pytest.mark.xdist_group("scenes")


def test_every_array_has_a_row_a_scene(scenes: dict[str, np.ndarray]) -> None:
    assert {len(values) for values in scenes.values()} == {TABLETOPS + SIGNS}
    assert scenes["frames"].shape[1:] == (2, 96, 96, 3)
    assert scenes["frames"].dtype == np.uint8
    assert (scenes["frames"].reshape(len(scenes["frames"]), -1).std(axis=1) > 5).all()
    assert (scenes["signs"][:TABLETOPS] == -1).all()
    assert (scenes["signs"][TABLETOPS:] >= 0).all()


def test_an_interrupted_run_goes_on_where_it_stopped(
    folder: Path, scenes: dict[str, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = np.array(scenes["frames"])
    (folder / "labels-00001.npz").unlink()
    with pytest.raises(FileNotFoundError, match=r"lacks labels-00001\.npz"):
        load_scenes(folder)
    InThisProcess.submitted = 0
    again = render_scenes(TABLETOPS, SEED, signs=SIGNS, output=folder)
    assert InThisProcess.submitted == 1
    assert np.abs(again["frames"].astype(int) - before).max() <= 2
    assert not list(folder.glob(".partial*"))


def test_one_at_a_time_renders_into_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small_shards(monkeypatch)
    rendered = []

    def render(folder: Path, start: int, settings: dict[str, int]) -> int:
        rendered.append(start)
        time.sleep(0.1)
        np.savez(folder / f"labels-{start // 20:05d}.npz", signs=np.zeros(20))
        return 20

    monkeypatch.setattr(module, "_render_shard", render)
    with ThreadPoolExecutor(2) as pool:
        started = [pool.submit(render_scenes, TABLETOPS, SEED, signs=0, output=tmp_path) for _ in range(2)]
    assert [len(future.result()["signs"]) for future in started] == [TABLETOPS] * 2
    assert rendered == [0, 20]


def test_a_folder_of_other_settings_is_left_alone(folder: Path) -> None:
    settings = (folder / "settings.json").read_text()
    with pytest.raises(ValueError, match=r"`output`.*choose another folder"):
        render_scenes(TABLETOPS, SEED + 1, signs=SIGNS, output=folder)
    assert (folder / "settings.json").read_text() == settings
    assert json.loads(settings)["seed"] == SEED


def test_errors_name_the_argument(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="`count` and `signs` must be >= 0"):
        render_scenes(0, signs=0, output=tmp_path)
    with pytest.raises(ValueError, match="`workers` >= 1"):
        render_scenes(1, workers=0, output=tmp_path)
    with pytest.raises(FileNotFoundError, match=r"make them with `python -m vlareg\.data\.concepts`"):
        load_scenes(tmp_path / "none")
    assert not list(tmp_path.iterdir())


def test_the_command_goes_on_where_a_call_stopped(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    small_shards(monkeypatch)
    options = {"--count": TABLETOPS, "--signs": SIGNS, "--seed": SEED, "--workers": 1, "--output": folder}
    monkeypatch.setattr("sys.argv", ["scenes", *(str(word) for option in options.items() for word in option)])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        runpy.run_module("vlareg.data.concepts", run_name="__main__")
    assert capsys.readouterr().out == "52 scenes, 3 MB of frames\n"
