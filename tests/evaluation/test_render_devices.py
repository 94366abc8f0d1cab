"""Every worker renders on its own device, also after a crash, and a choice without an effect is refused."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.evaluation.fakes import FakeEnvironment, FakePolicy, Fakes
from vlareg.evaluation import Episode, rollout
from vlareg.evaluation.render_devices import EGL_DEVICE, check_render_devices


@dataclass(frozen=True)
class _SaysWhere(Fakes):
    """Environments whose instruction is what robosuite would find when it is imported."""

    def __call__(self, task: int) -> FakeEnvironment:
        environment = super().__call__(task)
        early = {"mujoco", "robosuite"} & sys.modules.keys()
        environment.instruction = f"{os.environ.get(EGL_DEVICE)} {os.environ.get('CUDA_VISIBLE_DEVICES')} {early}"
        return environment


@pytest.mark.parametrize("fails", [False, True])
def test_workers_take_the_devices_in_turn(fails: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that is started again keeps its device."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")  # robosuite would refuse EGL's devices 4 and 7
    monkeypatch.delenv(EGL_DEVICE, raising=False)
    fakes = _SaysWhere(dies=(1, 2) if fails else (), once=str(tmp_path))
    three = [Episode(0, init_index) for init_index in range(3)]
    outcomes = sorted(rollout(FakePolicy(), fakes, three, workers=3, render_devices=[4, 7]), key=_place)
    assert [outcome.instruction for outcome in outcomes] == ["4 None set()", "7 None set()", "4 None set()"]
    assert [outcome.attempts for outcome in outcomes] == ([1, 2, 2] if fails else [1, 1, 1])
    assert EGL_DEVICE not in os.environ


def _place(outcome):  # type: ignore[no-untyped-def]
    return outcome.episode.init_index


def test_without_a_choice_nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    monkeypatch.setenv(EGL_DEVICE, "1")
    (outcome,) = rollout(FakePolicy(), _SaysWhere(), [Episode(0, 0)])
    assert outcome.instruction == "1 1 set()"


@pytest.mark.parametrize(
    ("backend", "devices", "message"),
    [
        ("osmesa", [0], "`render_devices` are EGL's and have no effect with osmesa"),
        ("egl", [], r"`render_devices` must be one or more numbers >= 0, but got \[\]"),
        ("egl", [0, -1], r"`render_devices` must be one or more numbers >= 0, but got \[0, -1\]"),
    ],
)
def test_a_choice_that_is_none_is_refused(
    backend: str, devices: list[int], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MUJOCO_GL", backend)
    with pytest.raises(ValueError, match=message):
        check_render_devices(devices)
    check_render_devices(None)


def test_devices_are_accepted_with_egl(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUJOCO_GL", "egl")
    check_render_devices([0, 3])
