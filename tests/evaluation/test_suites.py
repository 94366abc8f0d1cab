"""Which files of a suite an evaluation runs."""

import shutil
from pathlib import Path

import pytest

from vlareg.envs.libero_setup import import_libero
from vlareg.evaluation.suites import suite_digest

SUITE = "libero_object"


@pytest.mark.parametrize("kind", ["bddl_files", "init_states"])
def test_other_files_in_liberos_configuration_have_another_digest(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    libero = import_libero()
    theirs = libero.get_libero_path(kind)
    shutil.copytree(Path(theirs) / SUITE, tmp_path / kind / SUITE)
    before = suite_digest(SUITE)
    config = tmp_path / "config.yaml"
    config.write_text(Path(libero.config_file).read_text().replace(theirs, str(tmp_path / kind)))
    monkeypatch.setattr(libero, "config_file", str(config))
    assert suite_digest(SUITE) == before
    for file in (tmp_path / kind / SUITE).iterdir():
        file.write_bytes(file.read_bytes() + b" ")
    assert suite_digest(SUITE) != before
