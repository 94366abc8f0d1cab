"""Rendered scenes and asked questions, made once for all tests of this folder."""

from pathlib import Path

import numpy as np
import pytest

from tests.data.concepts.examples import SCENE, answers
from tests.data.concepts.small_scenes import render_here, small_shards
from vlareg.data.concepts.scenes import load_scenes
from vlareg.data.concepts.tabletop import Tabletop


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scenes")
    render_here(folder)
    return folder


@pytest.fixture
def scenes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, np.ndarray]:
    small_shards(monkeypatch)
    return load_scenes(folder)


@pytest.fixture(scope="session")
def tabletop() -> Tabletop:
    return Tabletop()


@pytest.fixture(scope="session")
def asked() -> dict[str, set[str]]:
    return answers(SCENE)
