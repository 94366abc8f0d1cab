"""LIBERO is imported on a fresh machine: no question, no download, nothing outside the cache folder."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from vlareg.envs import LiberoEnv
from vlareg.envs.libero_setup import ASSETS_VARIABLE, MissingAssetsError

_PROGRAM = """
import socket
def refuse(*arguments, **keywords):
    raise AssertionError("a network connection was tried")
socket.socket.connect = refuse
from vlareg.envs.libero_setup import import_libero
libero = import_libero()
from libero.libero.benchmark import get_benchmark
print(libero.get_libero_path("bddl_files"))
print(libero.get_assets_path())
print(get_benchmark("libero_mini")().n_tasks)
"""


def _import_in(home: Path, **variables: str) -> list[str]:
    kept = {key: value for key, value in os.environ.items() if key not in ("LIBERO_CONFIG_PATH", ASSETS_VARIABLE)}
    environment = {**kept, "HOME": str(home), "VLAREG_CACHE": str(home / "cache"), **variables}
    child = subprocess.run(
        [sys.executable, "-c", _PROGRAM], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    assert child.returncode == 0, child.stderr
    return child.stdout.split()


def test_a_fresh_machine_is_not_asked_anything(tmp_path: Path) -> None:
    """Standard input is closed, the network refused; LIBERO's configuration is made in the cache, not in the home folder."""
    bddl_files, assets, tasks = _import_in(tmp_path)
    assert Path(bddl_files).is_dir()
    assert Path(assets).is_dir()
    assert tasks == "10"
    assert [path.name for path in tmp_path.iterdir() if not path.name.startswith(".")] == ["cache"]
    assert not (tmp_path / ".libero").exists()


def test_an_outdated_configuration_of_ours_is_renewed_and_the_user_s_own_respected(tmp_path: Path) -> None:
    """Ours may name an environment that has moved; the user's is read as it is."""
    ours, home = tmp_path / "cache" / "libero" / "config.yaml", tmp_path / ".libero" / "config.yaml"
    for file in (ours, home):
        file.parent.mkdir(parents=True)
        file.write_text(f"bddl_files: {file.parent}\nassets: /nowhere\n")
    assert _import_in(tmp_path)[0] == str(home.parent)
    home.unlink()
    assert Path(_import_in(tmp_path)[0]).name == "bddl_files"


def test_missing_assets_are_named_and_not_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says where to name the folder."""
    monkeypatch.setenv(ASSETS_VARIABLE, str(tmp_path))
    with pytest.raises(MissingAssetsError, match=rf"libero_object needs LIBERO's `assets`.*{ASSETS_VARIABLE}={tmp_path}"):
        LiberoEnv("libero_object", 0)
