"""LIBERO is imported on a fresh machine: no question, no download, nothing outside the cache folder."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from vlareg.envs import LiberoEnv
from vlareg.envs.libero_setup import ASSETS_VARIABLE, MissingAssetsError, config_folder

_PROGRAM = """
import socket
def refuse(*arguments, **keywords):
    raise AssertionError("a network connection was tried")
socket.socket.connect = refuse
import vlareg.envs.libero_mini.objects
from vlareg.envs.libero_setup import import_libero
libero = import_libero()
from libero.libero.benchmark import get_benchmark
print(libero.get_libero_path("bddl_files"))
print(libero.get_assets_path())
print(get_benchmark("libero_mini")().n_tasks)
"""


def test_a_fresh_machine_is_not_asked_anything(tmp_path: Path) -> None:
    """Standard input is closed, the network refused; LIBERO's configuration is made in the cache, not in the home folder."""
    kept = {key: value for key, value in os.environ.items() if key not in ("LIBERO_CONFIG_PATH", ASSETS_VARIABLE)}
    environment = {**kept, "HOME": str(tmp_path), "VLAREG_CACHE": str(tmp_path / "cache")}
    child = subprocess.run(
        [sys.executable, "-c", _PROGRAM], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    assert child.returncode == 0, child.stderr
    bddl_files, assets, tasks = child.stdout.split()
    assert Path(bddl_files).is_dir()
    assert Path(assets).is_dir()
    assert tasks == "10"
    assert not (tmp_path / ".libero").exists()
    assert (tmp_path / "cache" / "libero" / "config.yaml").exists()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a home folder of the test's own."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("VLAREG_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("LIBERO_CONFIG_PATH", raising=False)
    return tmp_path


def test_an_outdated_configuration_of_ours_is_renewed(home: Path) -> None:
    """It may name an environment that has moved."""
    file = home / "cache" / "libero" / "config.yaml"
    file.parent.mkdir(parents=True)
    file.write_text("bddl_files: /moved/away\n")
    assert config_folder() == file.parent
    assert "/moved/away" not in file.read_text()


def test_the_user_s_own_configuration_is_left_alone(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """First the one that is named, then the one in the home folder; only a missing file is written."""
    theirs = home / ".libero" / "config.yaml"
    theirs.parent.mkdir()
    theirs.write_text("bddl_files: /theirs\n")
    assert config_folder() == theirs.parent
    monkeypatch.setenv("LIBERO_CONFIG_PATH", str(home / "named"))
    assert config_folder() == home / "named"
    assert "bddl_files" in (home / "named" / "config.yaml").read_text()
    assert theirs.read_text() == "bddl_files: /theirs\n"


def test_missing_assets_are_named_and_not_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says where to name the folder."""
    monkeypatch.setenv(ASSETS_VARIABLE, str(tmp_path))
    with pytest.raises(
        MissingAssetsError, match=rf"libero_object needs LIBERO's `assets`.*{ASSETS_VARIABLE}={tmp_path}"
    ):
        LiberoEnv("libero_object", 0)
