"""The probe finds a renderer, and says what is wrong where there is none."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from vlareg.envs import rendering
from vlareg.envs.rendering import NoRendererError, choose_backend, probe_backend


def test_this_machine_renders_and_says_with_what() -> None:
    """The command prints the backend and succeeds."""
    child = subprocess.run([sys.executable, "-m", "vlareg.envs.rendering"], capture_output=True, text=True)
    assert child.returncode == 0
    assert child.stdout.strip() in {f"MuJoCo renders with {name}." for name in rendering.BACKENDS}


def test_a_broken_backend_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """EGL fails, so OSMesa is taken."""
    monkeypatch.delenv("MUJOCO_GL", raising=False)
    monkeypatch.setattr(rendering, "_failure", lambda backend, timeout: "no EGL" if backend == "egl" else None)
    assert probe_backend() == "osmesa"


def test_the_backend_that_is_asked_for_is_the_only_one_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A choice of the user's is not silently replaced by another backend."""
    monkeypatch.setenv("MUJOCO_GL", "osmesa")
    monkeypatch.setattr(rendering, "_failure", lambda backend, timeout: "broken" if backend == "osmesa" else None)
    with pytest.raises(NoRendererError, match=r"osmesa: broken\). On Debian: apt-get install"):
        probe_backend()


def test_a_crash_is_reported_with_its_last_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without MuJoCo the child process fails, and the message says why."""
    (tmp_path / "mujoco.py").write_text("raise ImportError('libEGL.so.1 is missing')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.delenv("MUJOCO_GL", raising=False)
    with pytest.raises(NoRendererError, match=r"egl: ImportError: libEGL.so.1 is missing; osmesa: ImportError"):
        probe_backend()


def test_a_backend_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time limit holds for each backend."""
    (tmp_path / "mujoco.py").write_text("import time; time.sleep(60)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("MUJOCO_GL", "egl")
    with pytest.raises(NoRendererError, match=r"egl: no picture within 0.2 s"):
        probe_backend(timeout=0.2)


def test_children_do_not_probe_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The choice is inherited through the environment, unless another backend is asked for."""
    for name in ("MUJOCO_GL", "PYOPENGL_PLATFORM", "VLAREG_GL"):
        monkeypatch.setenv(name, os.environ.get(name, ""))  # so that they are restored
    probes: list[float] = []
    monkeypatch.setattr(rendering, "probe_backend", lambda: probes.append(1.0) or "egl")
    monkeypatch.setenv("VLAREG_GL", "")
    assert [choose_backend(), choose_backend()] == ["egl", "egl"]
    assert len(probes) == 1
    monkeypatch.setenv("MUJOCO_GL", "osmesa")
    choose_backend()
    assert len(probes) == 2
