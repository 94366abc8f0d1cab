"""A results folder is refused to other settings and to a second process."""

import json
from pathlib import Path

import pytest

from vlareg.evaluation.settings import SHAPE_FILES, claim_folder, fingerprint

SETTINGS = {"checkpoint": "a 12", "seed": 0, "versions": {"mujoco": "3.3.2", "torch": "2.14"}}


def claim(folder: Path, settings: dict[str, object]) -> None:
    with claim_folder(folder, settings):
        pass


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Return a folder with settings and an episode."""
    claim(tmp_path, SETTINGS)
    (tmp_path / "episodes.jsonl").touch()
    return tmp_path


def test_a_folder_without_episodes_takes_other_settings(tmp_path: Path) -> None:
    claim(tmp_path, SETTINGS)
    claim(tmp_path, {"seed": 1})
    assert json.loads((tmp_path / "settings.json").read_text()) == {"seed": 1}


def test_the_same_settings_come_back(tmp_path: Path) -> None:
    claim(tmp_path / "new" / "folder", SETTINGS)
    (tmp_path / "new" / "folder" / "episodes.jsonl").touch()
    claim(tmp_path / "new" / "folder", dict(reversed(SETTINGS.items())))
    assert json.loads((tmp_path / "new/folder/settings.json").read_text()) == SETTINGS


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": 1}, r"another `seed`: 0 there, 1 now"),
        ({"checkpoint": "b 12"}, r"another `checkpoint`: 'a 12' there, 'b 12' now"),
        ({"versions": {"mujoco": "3.8.1", "torch": "2.14"}}, r"another `versions.mujoco`: '3.3.2' there, '3.8.1' now"),
        ({"image": "black"}, r"another `image`: None there, 'black' now"),
    ],
)
def test_other_settings_are_refused_by_name(results: Path, change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        claim(results, {**SETTINGS, **change})
    claim(results, SETTINGS)


def test_results_from_before_there_were_protocols_are_openvla_s(results: Path) -> None:
    claim(results, {**SETTINGS, "protocol": "openvla"})
    with pytest.raises(ValueError, match="another `protocol`: 'openvla' there, 'lerobot' now"):
        claim(results, {**SETTINGS, "protocol": "lerobot"})


def test_other_suite_files_are_refused(tmp_path: Path) -> None:
    claim(tmp_path, {**SETTINGS, "suite_files": "ab"})
    (tmp_path / "episodes.jsonl").touch()
    with pytest.raises(ValueError, match="another `suite_files`: 'ab' there, 'cd' now"):
        claim(tmp_path, {**SETTINGS, "suite_files": "cd"})


def test_a_setting_that_is_gone_is_a_difference(results: Path) -> None:
    with pytest.raises(ValueError, match="another `seed`: 0 there, None now"):
        claim(results, {key: value for key, value in SETTINGS.items() if key != "seed"})


def test_two_processes_cannot_write(tmp_path: Path) -> None:
    with claim_folder(tmp_path, SETTINGS), pytest.raises(RuntimeError, match="Another evaluation writes to"):
        claim(tmp_path, SETTINGS)
    claim(tmp_path, SETTINGS)


def test_results_without_settings_are_refused(tmp_path: Path) -> None:
    (tmp_path / "episodes.jsonl").write_text("")
    with pytest.raises(ValueError, match=r"has episodes but no settings\.json"):
        claim(tmp_path, SETTINGS)


def test_fingerprint_sees_weights_and_configuration(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    before, shape = fingerprint(tmp_path), fingerprint(tmp_path, SHAPE_FILES)
    (tmp_path / "model.safetensors").write_bytes(b"Weights")
    assert fingerprint(tmp_path) != before
    assert fingerprint(tmp_path, SHAPE_FILES) == shape
    (tmp_path / "config.json").write_text("[]")
    assert fingerprint(tmp_path, SHAPE_FILES) != shape
