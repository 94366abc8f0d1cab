"""The hub's cache is laid out by hand, as huggingface_hub documents it; nothing is downloaded."""

import shutil
from pathlib import Path

import pytest
import torch

from tests.policies.conftest import TOY
from vlareg.policies.openvla import OpenVLAForActionPrediction, OpenVLAProcessor
from vlareg.policies.openvla.hub import local_folder

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def _cache(folder: Path, source: Path, repository: str = "someone/toy-7b") -> Path:
    root = folder / f"models--{repository.replace('/', '--')}"
    (root / "refs").mkdir(parents=True)
    (root / "refs" / "main").write_text(COMMIT)
    shutil.copytree(source, root / "snapshots" / COMMIT)
    return folder


def test_a_repository_in_the_cache_is_loaded_by_its_id(tmp_path, toy):
    cache = _cache(tmp_path, TOY)
    loaded = OpenVLAForActionPrediction.from_pretrained("someone/toy-7b", cache_dir=cache, dtype=torch.float32)
    assert all(torch.equal(value, toy.state_dict()[key]) for key, value in loaded.state_dict().items())
    assert Path(loaded.config.name_or_path).name == COMMIT


def test_a_processor_is_loaded_by_its_id_too(tmp_path, checkpoint, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(_cache(tmp_path, checkpoint)))
    monkeypatch.setattr("huggingface_hub._snapshot_download.constants.HF_HUB_CACHE", str(tmp_path))
    assert OpenVLAProcessor.from_pretrained("someone/toy-7b").config.num_views == 2


def test_a_folder_comes_before_a_repository_of_the_same_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "openvla" / "openvla-7b").mkdir(parents=True)
    assert local_folder("openvla/openvla-7b") == Path("openvla/openvla-7b")


def test_offline_the_error_says_what_was_tried(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"'openvla/openvla-7b' is no local folder, .*cache.*Offline, copy"):
        OpenVLAForActionPrediction.from_pretrained("openvla/openvla-7b", cache_dir=tmp_path, local_files_only=True)


def test_what_cannot_be_a_repository_is_not_asked_for(tmp_path, monkeypatch):
    monkeypatch.setattr("vlareg.policies.openvla.hub.snapshot_download", None)
    for ours in ("checkpoints/openvla-mini", "outputs/policy"):
        monkeypatch.chdir(tmp_path)
        with pytest.raises(FileNotFoundError, match=f"'{ours}' is no local folder below {tmp_path}"):
            local_folder(ours)
    with pytest.raises(FileNotFoundError, match="cannot be a repository's name"):
        local_folder(tmp_path / "absent")
